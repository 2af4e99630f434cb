using System.Globalization;
using EgressAlerts.Alerting;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Web;

/// <summary>What is asked of <c>/api/v1/alerts</c>. Each argument is a label that must have that value, but for <c>state</c>, <c>start</c> and <c>end</c>.
/// An empty one asks for nothing.</summary>
internal sealed record AlertQuery(string State, DateTimeOffset? Start, DateTimeOffset? End, IReadOnlyDictionary<string, string> Labels)
{
    public const string Firing = "firing";
    public const string Resolved = "resolved";
    public const string HeldBack = "held_back";

    private const long LastSecond = 253_402_300_799; // Of the year 9999.
    private static readonly string[] States = ["", Firing, Resolved, HeldBack];
    private static readonly AlertQuery Everything = new("", null, null, new Dictionary<string, string>());

    public bool HasRange => Start is not null || End is not null;

    /// <returns>What is wrong with it, as a sentence; null where it is good.</returns>
    public static string? Parse(IQueryCollection arguments, out AlertQuery query)
    {
        query = Everything;
        var given = arguments.ToDictionary(argument => argument.Key, argument => argument.Value.ToString());
        string Take(string name) => given.Remove(name, out var text) ? text : "";
        var (state, start, end) = (Take("state"), Take("start"), Take("end"));
        if (!States.Contains(state)) return $"state is none of {Firing}, {Resolved} and {HeldBack}: give one of them, or leave it out.";
        if (!TryInstant(start, out var from)) return NoInstant("start");
        if (!TryInstant(end, out var to)) return NoInstant("end");
        if (from > to) return "end lies before start: exchange them.";
        query = new(state, from, to, given.Where(label => label.Value.Length > 0).ToDictionary());
        return query.HasRange && state == HeldBack ? "What is held back has not fired: leave start and end out." : null;
    }

    /// <summary>Whether it fired at some time in the range.</summary>
    public bool IsInRange(Alert alert) => !(alert.StartsAt > End) && !(alert.ResolvedAt < Start);

    public bool Takes(AlertList entry) =>
        (State.Length == 0 || entry.State == State) && Labels.All(wanted => entry.Labels.GetValueOrDefault(wanted.Key) == wanted.Value);

    private static string NoInstant(string name) =>
        $"{name} is not an instant: write it as 2026-01-31T12:00:00Z (a + before an offset as %2B), or in seconds since 1970 such as 1769860800.";

    private static bool TryInstant(string text, out DateTimeOffset? instant)
    {
        instant = null;
        if (text.Length == 0) return true;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            if (seconds is not (>= 0 and <= LastSecond)) return false; // Also what is no number.
            instant = DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        }
        else if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            instant = at;
        }

        return instant is not null;
    }
}
