namespace EgressAlerts.Polling;

/// <summary>What the mesh's telemetry can and cannot tell, as of one window. Immutable; may be read from any thread.</summary>
public sealed record TelemetryReport(IReadOnlyList<MetricCoverage> Coverage, IReadOnlyList<TelemetryWarning> Warnings)
{
    public static TelemetryReport Empty { get; } = new([], []);

    /// <summary>Series of connections that ztunnel alone let out, without saying where to.</summary>
    public int Unidentified { get; init; }

    /// <summary>Series of egress that proxies count which can refuse it: waypoints and egress gateways.</summary>
    public int CanBeRefused { get; init; }
}

/// <summary>How much of one of Istio's metrics has which dimension.</summary>
/// <param name="Series">Its raw series that count egress.</param>
/// <param name="Present">For each key of <c>telemetry.labels</c>: percent of these series that have it.</param>
public sealed record MetricCoverage(string Metric, int Series, IReadOnlyDictionary<string, double> Present);

/// <summary>Something in the telemetry that makes counts wrong or blind.</summary>
/// <param name="Kind">One of <see cref="TelemetryWarning.Kinds"/>.</param>
/// <param name="Message">What is seen and what it means.</param>
/// <param name="Remedy">What mends it.</param>
public sealed record TelemetryWarning(string Kind, string Message, string Remedy)
{
    public const string DoubleCounting = "double_counting";
    public const string ReplicaInversions = "replica_inversions";
    public const string WithoutUp = "without_up";
    public const string MangledNames = "mangled_names";
    public const string BlockedWithoutAddress = "blocked_without_address";
    public const string UnknownNotes = "unknown_notes";
    public const string UnclearRefusals = "unclear_refusals";
    public const string BlindWaypoint = "blind_waypoint";

    /// <summary>A query that shows it; empty where none does.</summary>
    public string Promql { get; init; } = "";

    /// <summary>Whether counts are wrong, or traffic is not counted at all. Else the service sees or tells less than it could.</summary>
    public bool IsBroken { get; init; }

    /// <summary>Where the service itself serves the Telemetry resource of deploy/istio.</summary>
    public const string TelemetryResource = "/istio/telemetry.yaml";

    /// <summary>Likewise the one for waypoints.</summary>
    public const string WaypointResource = "/istio/telemetry-waypoint.yaml";

    public static IReadOnlyList<string> Kinds { get; } =
        [DoubleCounting, ReplicaInversions, WithoutUp, MangledNames, BlockedWithoutAddress, UnknownNotes, UnclearRefusals, BlindWaypoint];
}
