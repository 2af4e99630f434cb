using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Traffic that was seen, to be judged by a <see cref="Door"/>.</summary>
/// <param name="Port">Digits. Empty where the telemetry does not tell it.</param>
/// <param name="Addresses">What is known of the addresses that were dialled. It may be empty.</param>
public sealed record SeenFlow(Workload Source, Destination Destination, string Port, Route Route, Protocol Protocol, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>The networks that hold every address that was dialled. They count where no single address is known.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];
}

/// <summary>Which of Istio's data planes carries the traffic.</summary>
public enum MeshMode
{
    Sidecar,
    Ambient,
}

/// <summary>What a mesh does with traffic.</summary>
public enum Outcome
{
    Passes,
    Refused,

    /// <summary>What was seen does not say enough.</summary>
    Unknown,
}

/// <summary>What a mesh does with a flow.</summary>
/// <param name="Why">A whole sentence for people.</param>
/// <param name="By">The ServiceEntry, Sidecar or AuthorizationPolicy that decides. Null where none of the given ones does.</param>
public sealed record Verdict(Outcome Outcome, string Why, ResourceName? By);
