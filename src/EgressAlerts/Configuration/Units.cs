using System.Globalization;
using System.Text.RegularExpressions;

namespace EgressAlerts.Configuration;

/// <summary>Durations as Prometheus writes them (<c>1h30m</c>) and sizes with binary units (<c>512MiB</c>).</summary>
internal static partial class Units
{
    public static TimeSpan? Duration(string text)
    {
        if (text == "0") return TimeSpan.Zero;
        var match = DurationPattern().Match(text);
        if (!match.Success || text.Length == 0) return null;

        double Part(string name, double milliseconds) =>
            match.Groups[name].Success ? double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture) * milliseconds : 0;

        var total = Part("y", 365 * 86_400_000.0) + Part("w", 7 * 86_400_000.0) + Part("d", 86_400_000) + Part("h", 3_600_000) + Part("m", 60_000) + Part("s", 1000) + Part("ms", 1);
        return total < TimeSpan.MaxValue.TotalMilliseconds ? TimeSpan.FromMilliseconds(total) : null;
    }

    public static string Text(TimeSpan length)
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

    public static long? Bytes(string text)
    {
        var match = BytesPattern().Match(text);
        if (!match.Success) return null;
        var shift = match.Groups["unit"].Value switch
        {
            "KiB" or "KB" => 10,
            "MiB" or "MB" => 20,
            "GiB" or "GB" => 30,
            "TiB" or "TB" => 40,
            _ => 0,
        };
        return long.Parse(match.Groups["n"].Value, CultureInfo.InvariantCulture) << shift;
    }

    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        for (; unit < units.Length - 1 && bytes > 0 && bytes % 1024 == 0; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{units[unit]}");
    }

    [GeneratedRegex(@"^((?<y>\d{1,9})y)?((?<w>\d{1,9})w)?((?<d>\d{1,9})d)?((?<h>\d{1,9})h)?((?<m>\d{1,9})m)?((?<s>\d{1,9})s)?((?<ms>\d{1,12})ms)?$")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^(?<n>\d{1,10})(?<unit>B|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?$")]
    private static partial Regex BytesPattern();
}
