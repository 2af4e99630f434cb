using System.Globalization;

namespace EgressAlerts.Storage;

/// <summary>Instants in columns of text, to the last tick: <c>2026-01-01T12:00:30.0000000Z</c>. They sort as text, and SQLite's <c>datetime()</c> reads them.</summary>
public static class Instant
{
    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    /// <exception cref="FormatException">The text is no instant.</exception>
    public static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
