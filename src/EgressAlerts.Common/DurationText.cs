using System.Globalization;
using System.Text.RegularExpressions;

namespace EgressAlerts.Common;

/// <summary>Durations as people write and read them. Any thread.</summary>
public static partial class DurationText
{
    private const double Day = 86_400_000;

    /// <summary>Reads a duration as Prometheus writes it, such as <c>1h30m</c> or <c>500ms</c>; <c>0</c> needs no unit. Null where the text is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        var match = Pattern().Match(text);
        if (!match.Success || text.Length == 0) return null;

        double Part(string name, double milliseconds) =>
            match.Groups[name].Success ? double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) * milliseconds : 0;

        var total = Part("y", 365 * Day) + Part("w", 7 * Day) + Part("d", Day) + Part("h", 3_600_000) + Part("m", 60_000) + Part("s", 1000) + Part("ms", 1);
        return total < TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds(total) : null;
    }

    /// <summary>A duration as <see cref="Parse"/> reads it, to the millisecond: <c>1h30m</c>.</summary>
    public static string Exact(TimeSpan length)
    {
        (string Unit, long Milliseconds)[] units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
        var rest = (long)length.TotalMilliseconds;
        var text = "";
        foreach (var (unit, milliseconds) in units)
        {
            if (rest < milliseconds) continue;
            text += string.Create(CultureInfo.InvariantCulture, $"{rest / milliseconds}{unit}");
            rest %= milliseconds;
        }

        return text.Length > 0 ? text : "0s";
    }

    /// <summary>A duration for queries, in one unit: <c>90000ms</c>. Not every query API reads several units.</summary>
    public static string Milliseconds(TimeSpan length) => string.Create(CultureInfo.InvariantCulture, $"{(long)length.TotalMilliseconds}ms");

    /// <summary>A duration in one unit, for sentences: <c>1.5 h</c>. Days begin at two days.</summary>
    public static string Rounded(TimeSpan length) => length switch
    {
        { TotalDays: >= 2 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalDays:0.#} d"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalHours:0.#} h"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalMinutes:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0} s"),
    };

    [GeneratedRegex(@"^((?<y>\d{1,9})y)?((?<w>\d{1,9})w)?((?<d>\d{1,9})d)?((?<h>\d{1,9})h)?((?<m>\d{1,9})m)?((?<s>\d{1,9})s)?((?<ms>\d{1,12})ms)?$")]
    private static partial Regex Pattern();
}
