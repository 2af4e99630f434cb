using System.Globalization;
using System.Text.RegularExpressions;

namespace EgressAlerts.Common;

/// <summary>Numbers of bytes as people write and read them, in binary units. Any thread.</summary>
public static partial class SizeText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Reads a size such as <c>512MiB</c>. <c>MB</c> means <c>MiB</c>, and a number without a unit means bytes. Null where the text is
    /// no size.</summary>
    public static long? Parse(string text)
    {
        var match = Pattern().Match(text);
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

    /// <summary>A size as <see cref="Parse"/> reads it, to the byte: <c>512MiB</c>.</summary>
    public static string Exact(long bytes)
    {
        const int Tebi = 4; // The largest unit that can be parsed.
        var unit = 0;
        for (; unit < Tebi && bytes > 0 && bytes % 1024 == 0; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes}{Units[unit]}");
    }

    /// <summary>A size in one unit, for sentences: <c>1.5 MiB</c>.</summary>
    public static string Rounded(double bytes)
    {
        var unit = 0;
        for (; bytes >= 1024 && unit < Units.Length - 1; unit++) bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {Units[unit]}");
    }

    [GeneratedRegex(@"^(?<n>\d{1,10})(?<unit>B|KB|KiB|MB|MiB|GB|GiB|TB|TiB)?$")]
    private static partial Regex Pattern();
}
