using EgressAlerts.Alerting;
using EgressAlerts.Configuration;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

/// <summary>Alerts for tests of the pages about them.</summary>
internal static class AlertSamples
{
    /// <summary>What no name from the network can be, because all are cleaned. Pages and snippets must bear it nevertheless.</summary>
    public const string Hostile = "<script>alert(1)</script>'\"\n: #{{}}[]$(reboot)\u202e\U0001F600";

    public static Alert Blocked { get; } = Of(
        "EgressBlocked",
        destination: "vps-99.hoster.example.net",
        annotations: [
            ("summary", "The mesh refused to let traffic out."), ("description", "batch/report tried to reach it."),
            ("name_source", "ptr"), ("confirmed", "true"), ("evidence", "up{job=\"a\"}"), ("observed", "refused once"), ("expected", "no attempt"),
            ("limit_key", "detection.blocked.severity"), ("address", "141.95.34.99"), ("port", "4444"), ("protocol", "tcp"), ("route", "blocked")]);

    public static Alert Of(
        string name, string ns = "batch", string workload = "report", string destination = "", string severity = "warning", string fingerprint = "",
        DateTimeOffset? startsAt = null, DateTimeOffset? resolvedAt = null, params (string Name, string Value)[] annotations)
    {
        (string, string)[] labels =
        [
            ("alertname", name), ("severity", severity), ("source_workload_namespace", ns), ("source_workload", workload), ("destination", destination),
        ];
        return new(
            fingerprint.Length > 0 ? fingerprint : name,
            labels.Where(label => label.Item2.Length > 0).ToDictionary(),
            annotations.ToDictionary(one => one.Name, one => one.Value),
            startsAt ?? Rendered.Now.AddHours(-1),
            resolvedAt,
            "");
    }

    public static AlertSources Sources(params IReadOnlyList<Alert> past) => new(past, [], null, new Settings(), History((_, _) => new([], "")));

    public static CachedHistory History(Func<HistoryQuery, CancellationToken, HistoryAnswer> answer) =>
        new((asked, cancel) => Task.FromResult(answer(asked, cancel)), TimeProvider.System);

    /// <summary>A window in which workloads of one namespace sent to a destination.</summary>
    public static PublishedWindow Window(string destination, params IReadOnlyList<(string Workload, double Upload)> sent)
    {
        List<ExportedSeries> series =
        [
            .. sent.Select(one => new ExportedSeries(
                new(new(Metric.UploadBytes, new("batch", one.Workload), destination, "443", Route.Passthrough, Protocol.Tcp)), one.Upload)),
        ];
        Destination known = new(destination, NameSource.Ptr, Confirmed: true, "Hoster GmbH", "AS64500", "DE", "example.net");
        return new(new(Samples.Window(1), series, [known], default!, [], default!, new(0, 0, 0, 0, 0, 0, 0, 0, 0)), Samples.Ledger);
    }
}
