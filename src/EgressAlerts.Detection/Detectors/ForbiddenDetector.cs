using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressForbidden</c>: the first policy that matches says <c>alert</c>.</summary>
internal sealed class ForbiddenDetector(Policies policies, Tuning tuning, DetectionMetrics metrics, StoredState state)
    : EpisodeDetector(Name, "A workload does what a policy forbids.", tuning, metrics, state)
{
    public const string Name = "EgressForbidden";

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.Forbidden;

    /// <summary>An earlier policy may allow a name that is not known yet: nothing is judged before its name is final.</summary>
    protected override IEnumerable<WorkloadTraffic> Watched(Sighting sighting) => sighting.Settled;

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now) =>
        policies.First(traffic) is { Action: PolicyAction.Alert } policy ? new(Conditions(policy), policy.Severity) : null;

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} {(episode.Flow.Route == Route.Blocked ? "tried to reach" : "talked to")} {Text.Of(episode.Flow, episode.Destination)}, which policy {episode.Detail} forbids. {Text.Traffic(episode)}. Expected: nothing.";

    private static string Conditions(Policy policy) =>
        policy.Destination.PathPrefixes.Count == 0 ? policy.Name : $"{policy.Name} (paths {string.Join(", ", policy.Destination.PathPrefixes)})";
}
