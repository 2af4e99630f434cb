using System.Globalization;
using EgressAlerts.Alerting;

namespace EgressAlerts.Web;

/// <summary>What is asked of <c>/api/v1/alerts</c>. Each argument is a label that must have that value, but for <c>state</c>, <c>start</c> and <c>end</c>.
/// An empty one asks for nothing.</summary>
internal sealed record AlertQuery(string State, DateTimeOffset? Start, DateTimeOffset? End, IReadOnlyDictionary<string, string> Labels)
{
    public const string Firing = "firing";
    public const string Resolved = "resolved";
    public const string HeldBack = "held_back";

    private const long LastSecond = 253_402_300_799; // Of the year 9999.
    private const string StateName = "state";
    private const string StartName = "start";
    private const string EndName = "end";

    /// <summary>The labels that alerts can have even where none has them now.</summary>
    private static readonly string[] AlertLabels =
        ["alertname", "severity", "source_cluster", "source_workload_namespace", "source_workload", "destination"];

    public bool HasRange => Start is not null || End is not null;

    /// <summary>The names that labels of alerts have or can have.</summary>
    public static IEnumerable<string> Names(IEnumerable<Alert> alerts, AlertingOptions options) =>
        alerts.SelectMany(alert => alert.Labels.Keys).Concat(options.ExternalLabels.Keys).Concat(AlertLabels).Distinct();

    /// <param name="labels">The names that are understood. Any other argument is refused.</param>
    public static AlertQuery Read(Arguments arguments, IEnumerable<string> labels)
    {
        var state = arguments.OneOf(StateName, "", Firing, Resolved, HeldBack);
        var (start, end) = (Instant(arguments, StartName), Instant(arguments, EndName));
        var query = new AlertQuery(
            state, start, end,
            labels.Except([StateName, StartName, EndName]).Select(name => KeyValuePair.Create(name, arguments.Text(name)))
                .Where(label => label.Value.Length > 0).ToDictionary());
        if (start > end) return arguments.Refuse("end lies before start: exchange them.", query);
        return query.HasRange && state == HeldBack ? arguments.Refuse("What is held back has not fired: leave start and end out.", query) : query;
    }

    /// <summary>Whether it fired at some time in the range.</summary>
    public bool IsInRange(Alert alert) => !(alert.StartsAt > End) && !(alert.ResolvedAt < Start);

    public bool Takes(AlertList entry) =>
        (State.Length == 0 || entry.State == State) && Labels.All(wanted => entry.Labels.GetValueOrDefault(wanted.Key) == wanted.Value);

    private static DateTimeOffset? Instant(Arguments arguments, string name) => TryInstant(arguments.Text(name), out var instant) ? instant : arguments.Refuse(
        $"{name} is not an instant: write it as 2026-01-31T12:00:00Z (a + before an offset as %2B), or in seconds since 1970 such as 1769860800.", instant);

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
