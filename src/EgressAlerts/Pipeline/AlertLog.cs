using EgressAlerts.Alerting;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Logs each alert that begins to fire, and each that resolves. It outlives reloads. Called by the pass alone.</summary>
/// <remarks>At most <see cref="MaxLines"/> lines a window, then one that says how many more.</remarks>
internal sealed class AlertLog(ILogger logger)
{
    internal const int MaxLines = 100;

    private Dictionary<string, Alert> _firing = [];

    /// <summary>Takes what fired when the service stopped, so that it is not told again.</summary>
    public void Begin(IEnumerable<Alert> known) => _firing = Firing(known);

    /// <param name="alerts">What fires, and what resolved lately.</param>
    public void Write(IReadOnlyList<Alert> alerts)
    {
        var firing = Firing(alerts);
        List<Alert> news =
        [
            .. firing.Values.Where(alert => !_firing.TryGetValue(alert.Fingerprint, out var known) || known.StartsAt != alert.StartsAt),
            .. alerts.Where(alert => alert.ResolvedAt is not null && _firing.ContainsKey(alert.Fingerprint)),
        ];
        _firing = firing;
        foreach (var alert in news.Take(MaxLines))
        {
            var (what, source) = (alert.ResolvedAt is null ? "firing" : "resolved", Workload.Of(alert.Labels));
            Log.Alert(
                logger, what, alert.Labels["alertname"], alert.Annotations.GetValueOrDefault("summary", ""), alert.Labels["severity"], source.Cluster,
                source.Namespace, source.Name, alert.Labels.GetValueOrDefault("destination", ""), alert.Fingerprint);
        }

        if (news.Count > MaxLines) Log.MoreAlerts(logger, news.Count - MaxLines);
    }

    private static Dictionary<string, Alert> Firing(IEnumerable<Alert> alerts) =>
        alerts.Where(alert => alert.ResolvedAt is null).ToDictionary(alert => alert.Fingerprint);
}
