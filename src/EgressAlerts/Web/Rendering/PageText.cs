using System.Globalization;
using EgressAlerts.Common;

namespace EgressAlerts.Web;

/// <summary>How pages write numbers and times: the same everywhere.</summary>
internal static class PageText
{
    /// <summary>Bytes in binary units: 2,048 is <c>2 KiB</c>.</summary>
    public static string Bytes(double bytes) => SizeText.Rounded(bytes);

    public static string Number(double count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <param name="share">From 0 to 1.</param>
    public static string Percent(double share) =>
        share is > 0 and < 0.001 ? "< 0.1 %" : (100 * share).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>A number for a coordinate in a picture.</summary>
    public static string Coordinate(double at) => at.ToString("0.#", CultureInfo.InvariantCulture);

    public static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>How long something is ago, or in the future: <c>12 s ago</c>, <c>in 3 min</c>.</summary>
    public static string Ago(DateTimeOffset at, DateTimeOffset now) => now - at is var age && age >= TimeSpan.Zero
        ? $"{DurationText.Rounded(age)} ago"
        : $"in {DurationText.Rounded(-age)}";
}
