using System.Globalization;

namespace EgressAlerts.Storage;

/// <summary>Converts instants to the text in a column and back, exact to the tick: <c>2026-01-01T12:00:30.0000000Z</c>.</summary>
/// <remarks>Such texts sort by time, and SQLite's <c>datetime()</c> reads them.</remarks>
public static class Instant
{
    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    /// <exception cref="FormatException">The text is not an instant.</exception>
    public static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
