using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using static System.FormattableString;

namespace EgressAlerts.Web;

/// <summary>Says for the bar on top of every page whether the watch is on. Any thread.</summary>
internal sealed class HeaderView(PassWorker worker, Exposition exposition, TrafficView traffic, TimeProvider time)
{
    private const string Good = "good";
    private const string Warning = "warning";
    private const string Critical = "critical";
    private const string Muted = "muted";

    /// <summary>So many windows may pass before one says that there is none.</summary>
    private const int LateWindows = 4;

    public HeaderModel Read()
    {
        var pass = worker.Pass;
        return new(
            ServiceVersion.Text,
            [Prometheus(pass), Dns(pass), Alertmanagers(pass), Learning(pass), .. Firing(pass), .. Telemetry(pass), .. Configuration()],
            worker.Configuration.Loads.FirstOrDefault(load => load.Error.Length == 0)?.At,
            traffic.Current.Clusters);
    }

    /// <summary>A window that ended longer ago should not be the last one.</summary>
    internal static TimeSpan Late(PollingOptions polling) => (LateWindows * polling.Interval) + polling.Delay;

    private HeaderLight Prometheus(Pass pass)
    {
        if (!worker.IsReady) return new(Warning, "Reading the database", "status");
        if (exposition.Current?.Counters.Window.End is not { } last)
        {
            return pass.Failure.Length > 0 ? new(Critical, "Prometheus fails, no window yet", "status") : new(Warning, "Prometheus: no window yet", "status");
        }

        var age = time.GetUtcNow() - last;
        var text = $"last window {DurationText.Rounded(age > TimeSpan.Zero ? age : default)} ago";
        if (pass.Failure.Length > 0) return new(Critical, $"Prometheus fails, {text}", "status");
        var polling = pass.Settings.Prometheus;
        return age > Late(polling)
            ? new(Warning, $"Prometheus: {text}", "status")
            : new(Good, $"Prometheus ok, {text}", "status");
    }

    private static HeaderLight Dns(Pass pass)
    {
        var servers = pass.NameServers;
        var working = servers.Count(server => server.RestingSince is null);
        return working == servers.Count ? new(Good, "DNS ok", "status#dns")
            : new(working == 0 ? Critical : Warning, Invariant($"DNS: {working} of {servers.Count} servers answer"), "status#dns");
    }

    private static HeaderLight Alertmanagers(Pass pass)
    {
        var all = pass.Alertmanagers;
        if (all.Count == 0) return new(Warning, "no Alertmanager", "status#alertmanagers");
        var failing = all.Count(one => one.IsFailing);
        return failing == 0
            ? new(Good, all.Count == 1 ? "Alertmanager ok" : Invariant($"{all.Count} Alertmanagers ok"), "status#alertmanagers")
            : new(failing == all.Count ? Critical : Warning, Invariant($"Alertmanagers: {all.Count - failing} of {all.Count} ok"), "status#alertmanagers");
    }

    private static HeaderLight Learning(Pass pass)
    {
        var learning = pass.Learning;
        var isLearned = learning.Workloads > 0 && learning.Learned == learning.Workloads;
        if (isLearned) return new(Good, Invariant($"{learning.Workloads} workloads learned"), "workloads");
        return new(
            Muted,
            learning.Watched < learning.Needed
                ? Invariant($"learning: {learning.Watched.TotalHours:0.#} of {learning.Needed.TotalHours:0.#} h")
                : Invariant($"{learning.Learned} of {learning.Workloads} workloads learned"),
            "workloads");
    }

    private static IEnumerable<HeaderLight> Firing(Pass pass)
    {
        var bySeverity = pass.Alerts.Where(alert => alert.ResolvedAt is null && alert.Labels.ContainsKey("source_workload"))
            .CountBy(alert => alert.Labels["severity"]).ToDictionary();
        if (bySeverity.Count == 0) yield return new(Good, "nothing fires", "alerts");
        foreach (var severity in Severities.All.Where(bySeverity.ContainsKey))
        {
            var text = Invariant($"{bySeverity[severity]} {severity} {(bySeverity[severity] == 1 ? "alert" : "alerts")}");
            yield return new(severity == Severities.Info ? Muted : severity, text, $"alerts?severity={severity}");
        }
    }

    private static IEnumerable<HeaderLight> Telemetry(Pass pass) => pass.Telemetry.Warnings.Count is > 0 and var count
        ? [new(Warning, count == 1 ? "1 telemetry warning" : Invariant($"{count} telemetry warnings"), "status#telemetry")]
        : [];

    private IEnumerable<HeaderLight> Configuration() => worker.Configuration.Loads is [{ Error.Length: > 0 }, ..]
        ? [new(Critical, "the last reload was refused", "status#configuration")]
        : [];
}
