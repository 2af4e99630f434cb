using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace EgressAlerts.Polling;

/// <summary>Reads a line of OpenMetrics text that holds a sample: <c>name{label="value"} 1.5 1767268800.123</c>, with an exemplar or without.</summary>
internal static class OpenMetricsLine
{
    private static readonly SearchValues<byte> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"u8);

    /// <summary>The length of the name and the labels. 0 or less where the line has none.</summary>
    public static int SeriesLength(ReadOnlySpan<byte> line)
    {
        var name = NameLength(line);
        if (name == 0 || name == line.Length || line[name] != '{') return name;
        var isQuoted = false;
        for (var i = name + 1; i < line.Length; i++)
        {
            if (isQuoted && line[i] == '\\') i++;
            else if (line[i] == '"') isQuoted = !isQuoted;
            else if (!isQuoted && line[i] == '}') return i + 1;
        }

        return 0;
    }

    /// <summary>The labels, with the name as <c>__name__</c>. Null and an error where they cannot be read.</summary>
    /// <param name="series">As <see cref="SeriesLength"/> found it.</param>
    public static SortedDictionary<string, string>? Labels(ReadOnlySpan<byte> series, out string wrong)
    {
        var name = NameLength(series);
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["__name__"] = Encoding.UTF8.GetString(series[..name]) };
        wrong = "the labels are not written as {name=\"value\",other=\"value\"}";
        if (name == series.Length) return labels;
        for (var rest = series[(name + 1)..^1]; !rest.IsEmpty;)
        {
            var length = NameLength(rest);
            if (length == 0 || !rest[length..].StartsWith("=\""u8)) return null;
            var label = Encoding.UTF8.GetString(rest[..length]);
            rest = rest[(length + 2)..];
            if (Value(rest, out var used) is not { } value) return null;
            rest = rest[used..];
            if (!rest.IsEmpty && rest[0] != ',') return null;
            rest = rest.IsEmpty ? rest : rest[1..];
            if (labels.ContainsKey(label))
            {
                wrong = $"the label {label} is there twice";
                return null;
            }

            if (value.Length > 0) labels.Add(label, value); // An empty label is none.
        }

        return labels;
    }

    /// <summary>The sample behind the labels. Null and an error where it cannot be read.</summary>
    public static Sample? Sample(ReadOnlySpan<byte> rest, out string wrong)
    {
        wrong = "behind the labels there is not a space, a value, a space and a timestamp";
        if (rest.IsEmpty || rest[0] != ' ') return null;
        rest = rest[1..];
        var end = rest.IndexOf((byte)' ');
        if (end <= 0)
        {
            wrong = "the sample has no timestamp: a backtest needs one on each line, in seconds since 1970";
            return null;
        }

        if (Number(rest[..end]) is not { } value)
        {
            wrong = "the value is not a number";
            return null;
        }

        rest = rest[(end + 1)..];
        end = rest.IndexOf((byte)' ');
        var behind = end < 0 ? default : rest[(end + 1)..];
        if (Number(end < 0 ? rest : rest[..end]) is not (>= 0 and < 1e11 and var seconds))
        {
            wrong = "the timestamp is not a number of seconds since 1970";
            return null;
        }

        if (behind.IsEmpty || behind.StartsWith("# {"u8)) return new Sample((long)Math.Round(seconds * 1000), value);
        wrong = "behind the timestamp there is something that is no exemplar";
        return null;
    }

    private static int NameLength(ReadOnlySpan<byte> text)
    {
        var length = text.IndexOfAnyExcept(NameCharacters) is >= 0 and var end ? end : text.Length;
        return length > 0 && text[0] is < (byte)'0' or > (byte)'9' ? length : 0;
    }

    /// <summary>The value up to its closing quote, without its escapes.</summary>
    private static string? Value(ReadOnlySpan<byte> text, out int used)
    {
        var value = new List<byte>();
        for (used = 0; used < text.Length; used++)
        {
            if (text[used] == '"')
            {
                used++;
                return Encoding.UTF8.GetString([.. value]);
            }

            if (text[used] != '\\') value.Add(text[used]);
            else if (++used < text.Length) value.Add(text[used] == 'n' ? (byte)'\n' : text[used]);
        }

        return null;
    }

    private static double? Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out double value, out var used) && used == text.Length ? value
        : text.SequenceEqual("+Inf"u8) ? double.PositiveInfinity
        : text.SequenceEqual("-Inf"u8) ? double.NegativeInfinity
        : text.SequenceEqual("NaN"u8) ? double.NaN
        : null;
}
