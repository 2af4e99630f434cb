using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>The kinds of the section <c>telemetry</c>, and what a report of the running service comes to. Stateless.</summary>
public static class TelemetryChecks
{
    public const string Section = "telemetry";

    /// <summary>So many percent of the series of a TCP metric should tell an address.</summary>
    public const double EnoughAddresses = 50;

    private const string Address = "destination_ip";

    public static CheckKind Series { get; } = new(Section, "istio_series", "there are series of each of Istio's metrics that are read");

    public static CheckKind Egress { get; } = new(Section, "egress_series", "some of them count traffic that leaves the mesh");

    public static CheckKind Labels { get; } = new(Section, "istio_labels", "the labels are there that tell who talked to what");

    public static CheckKind Addresses { get; } = new(Section, "addresses", "series of TCP tell the address of the destination");

    public static CheckKind Blocked { get; } = new(Section, TelemetryWarning.BlockedWithoutAddress, "blocked TCP connections tell where to");

    public static CheckKind Refusals { get; } =
        new(Section, TelemetryWarning.UnclearRefusals, "a 403 of a waypoint or an egress gateway tells whether an AuthorizationPolicy gave it");

    public static CheckKind Mangled { get; } = new(Section, TelemetryWarning.MangledNames, "no metric has a mangled name");

    public static CheckKind Scrapes { get; } = new(Section, "scrape_interval", "the scrape interval fits the windows and `prometheus.late`");

    public static CheckKind Age { get; } = new(Section, "sample_age", "samples are visible in time");

    public static CheckKind Down { get; } = new(Section, "targets_down", "the proxies can be scraped");

    public static CheckKind Doubles { get; } = new(Section, TelemetryWarning.DoubleCounting, "no series is there twice, from two jobs, ports or replicas");

    public static CheckKind Inversions { get; } = new(Section, TelemetryWarning.ReplicaInversions, "no series mixes the samples of two replicas");

    public static CheckKind WithoutUp { get; } = new(Section, TelemetryWarning.WithoutUp, "each job has `up` series");

    public static CheckKind Notes { get; } = new(Section, TelemetryWarning.UnknownNotes, "answers carry no note whose meaning is not known");

    public static CheckKind Shards { get; } = new(Section, "shards", "the server is not one shard of several");

    public static CheckKind Merged { get; } = new(Section, "merged_stats", "port 15020 shows Istio's metrics, if it is scraped");

    public static CheckKind Ambient { get; } = new(Section, "ambient", "in ambient mode, egress goes through a waypoint that can tell and refuse it");

    public static CheckKind Waypoints { get; } =
        new(Section, TelemetryWarning.BlindWaypoint, "each waypoint to which ztunnel sends egress counts it");

    public static CheckKind Agentgateway { get; } = new(Section, "agentgateway", "no egress goes through agentgateway, which has none of Istio's metrics");

    public static IReadOnlyList<CheckKind> Kinds { get; } =
    [
        Series, Egress, Labels, Addresses, Blocked, Refusals, Mangled, Scrapes, Age, Down, Doubles, Inversions, WithoutUp, Notes, Shards, Merged, Ambient,
        Waypoints, Agentgateway,
    ];

    /// <summary>What the running service has noticed by itself, with the same codes, words and remedies as the doctor has.</summary>
    public static IReadOnlyList<Check> OfService(TelemetryReport report) =>
        [.. Of(report), MeshRules.Ambient(report.Unidentified, report.CanBeRefused, MeshRules.UnidentifiedQuery(""))];

    /// <summary>Those that the doctor finds in the same way, from windows.</summary>
    public static IReadOnlyList<Check> Of(TelemetryReport report) =>
    [
        AddressCheck(report),
        Of(report, Blocked, "no blocked TCP connection lacks its address"),
        Of(report, Refusals, "each 403 of a waypoint or an egress gateway tells who gave it"),
        Of(report, Mangled, "no metric has a mangled name"),
        Of(report, Doubles, "no series is there twice"),
        Of(report, Inversions, "no series mixes the samples of two replicas"),
        Of(report, WithoutUp, "each job has up series"),
        Of(report, Waypoints, "no waypoint takes egress and counts nothing"),
        Of(report, Notes, "no answer has a note whose meaning is not known"),
    ];

    private static Check Of(TelemetryReport report, CheckKind kind, string good) =>
        report.Warnings.FirstOrDefault(warning => warning.Kind == kind.Code) is not { } found ? kind.Ok(good)
        : found.IsBroken ? kind.Fail(found.Message, found.Remedy, found.Promql)
        : kind.Warn(found.Message, found.Remedy, found.Promql);

    private static Check AddressCheck(TelemetryReport report)
    {
        var tcp = report.Coverage.Where(coverage => RawMetric.All.Any(raw => raw.Tcp && raw.Name == coverage.Metric)).ToList();
        var poor = tcp.Where(coverage => coverage.Present.GetValueOrDefault(Address) < EnoughAddresses).ToList();
        if (poor.Count == 0) return Addresses.Ok(tcp.Count == 0 ? "there is no egress over TCP" : "most series of egress over TCP tell the address");
        var told = string.Join(
            ", ", poor.Select(coverage => FormattableString.Invariant($"{coverage.Metric} {coverage.Present.GetValueOrDefault(Address):0.#} %")));
        return Addresses.Warn(
            $"few series of egress over TCP tell the address of the destination ({told}), so the others have no name",
            "kubectl apply -f deploy/istio/telemetry.yaml, which the running service serves as /istio/telemetry.yaml; "
            + "labels of other names go into telemetry: {labels: {destination_ip: [NAME]}}",
            $"count by (destination_ip) ({poor[0].Metric}{{destination_service_name=\"PassthroughCluster\"}})");
    }
}
