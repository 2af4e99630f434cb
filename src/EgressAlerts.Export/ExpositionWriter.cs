using System.Buffers;
using System.Globalization;
using System.Text;

namespace EgressAlerts.Export;

/// <summary>Writes Prometheus' text format 0.0.4 or OpenMetrics 1.0. Hot code.</summary>
internal sealed class ExpositionWriter(ArrayBufferWriter<byte> to, ExpositionFormat format = ExpositionFormat.Text)
{
    private const string Total = "_total";

    private string _family = "";

    public bool IsOpenMetrics => format == ExpositionFormat.OpenMetrics;

    /// <summary>Begins a family; its samples must follow before the next one begins.</summary>
    public void Family(string name, string type, string help)
    {
        _family = name;
        // In OpenMetrics the suffix belongs to the sample, not to the family.
        if (IsOpenMetrics && type == "counter") name = name[..^Total.Length];
        Text("# HELP ");
        Text(name);
        Text(" ");
        if (IsOpenMetrics) Escaped(help);
        else Text(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal));
        Text("\n# TYPE ");
        Text(name);
        Text(" ");
        Text(type);
        Text("\n");
    }

    /// <summary>When a counter of the current family began.</summary>
    public void Created(double seconds, params ReadOnlySpan<(string Name, string Value)> labels) => Line(_family.AsSpan(0, _family.Length - Total.Length), "_created", seconds, labels);

    /// <summary>What a scrape of OpenMetrics must end with.</summary>
    public void End()
    {
        if (IsOpenMetrics) Text("# EOF\n");
    }

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Sample("", value, labels);

    /// <summary>A sample of the current family, or of its <c>_bucket</c>, <c>_sum</c> or <c>_count</c>.</summary>
    public void Sample(string suffix, double value, params ReadOnlySpan<(string Name, string Value)> labels) => Line(_family, suffix, value, labels);

    private void Line(ReadOnlySpan<char> name, string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        Text(name);
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

    private void Text(ReadOnlySpan<char> text)
    {
        var span = to.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        to.Advance(Encoding.UTF8.GetBytes(text, span));
    }
}
