using System.Globalization;
using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>What a policy does.</summary>
internal sealed class PolicyActionAttribute() : ValueAttribute("allow, forbid, ignore", "is none of allow, forbid, ignore")
{
    public override object? Parse(string text) => text is "allow" or "forbid" or "ignore" ? text : null;

    public override string ComplaintAbout(string text) => text == "alert" ? "is now called forbid: write 'action: forbid'" : Complaint;

    public override string Write(object value) => $"{value}".ToLowerInvariant();
}

/// <summary>A short text that a person wrote for others to read.</summary>
internal sealed class RemarkAttribute() : ValueAttribute("text", "is longer than 500 characters, or holds line breaks or other control characters")
{
    private const int MaxLength = 500;

    public override object? Parse(string text) => text.Length <= MaxLength && !text.Any(char.IsControl) ? text : null;
}

/// <summary>The last day, or the instant, up to which something holds. A day ends in UTC. The property is a <see cref="DateTimeOffset"/>.</summary>
public sealed class UntilAttribute()
    : ValueAttribute("date", "is neither a date such as 2026-12-31, up to whose end in UTC it holds, nor an instant such as 2026-12-31T18:00:00Z")
{
    private static readonly string[] Instants = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK"];

    public override object? Parse(string text) => Read(text);

    public override string Write(object value) => Text((DateTimeOffset)value);

    /// <summary>The instant that a text stands for; null where it is none.</summary>
    public static DateTimeOffset? Read(string text)
    {
        var invariant = CultureInfo.InvariantCulture;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", invariant, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue)
            return new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
        // Without an offset it would depend on the machine's time zone.
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^6] is '+' or '-' && text[^3] == ':');
        return hasOffset && DateTimeOffset.TryParseExact(text, Instants, invariant, DateTimeStyles.None, out var at) ? at.ToUniversalTime() : null;
    }

    /// <summary>An instant as users write it: the date of the day that ends with it, where it is the end of a day in UTC.</summary>
    public static string Text(DateTimeOffset until)
    {
        var utc = until.ToUniversalTime();
        return utc.TimeOfDay == TimeSpan.Zero && utc > DateTimeOffset.UnixEpoch
            ? utc.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : utc.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }
}
