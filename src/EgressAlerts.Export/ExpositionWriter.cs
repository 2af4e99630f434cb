using System.Buffers;
using System.Globalization;
using System.Text;

namespace EgressAlerts.Export;

/// <summary>Writes Prometheus' text format 0.0.4. Hot code.</summary>
internal sealed class ExpositionWriter(ArrayBufferWriter<byte> to)
{
    private string _family = "";

    /// <summary>Begins a family; its samples must follow before the next one begins.</summary>
    public void Family(string name, string type, string help)
    {
        _family = name;
        Text("# HELP ");
        Text(name);
        Text(" ");
        Text(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
        Text("\n# TYPE ");
        Text(name);
        Text(" ");
        Text(type);
        Text("\n");
    }

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Sample("", value, labels);

    /// <summary>A sample of the current family, or of its <c>_bucket</c>, <c>_sum</c> or <c>_count</c>.</summary>
    public void Sample(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        Text(_family);
        Text(suffix);
        for (var i = 0; i < labels.Length; i++)
        {
            Text(i == 0 ? "{" : ",");
            Text(labels[i].Name);
            Text("=\"");
            Escaped(labels[i].Value);
            Text("\"");
        }

        Text(labels.Length > 0 ? "} " : " ");
        Number(value);
        Text("\n");
    }

    private void Number(double value)
    {
        var span = to.GetSpan(32);
        int written;
        if (Math.Abs(value) < 1L << 53 && Math.Floor(value) == value) ((long)value).TryFormat(span, out written, default, CultureInfo.InvariantCulture);
        else if (double.IsFinite(value)) value.TryFormat(span, out written, "R", CultureInfo.InvariantCulture);
        else written = Encoding.ASCII.GetBytes(double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", span);
        to.Advance(written);
    }

    private void Escaped(string text)
    {
        if (text.AsSpan().ContainsAny('\\', '"', '\n'))
        {
            text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        }

        Text(text);
    }

    private void Text(string text)
    {
        var span = to.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        to.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
