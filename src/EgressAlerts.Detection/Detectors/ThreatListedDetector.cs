using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary><c>EgressThreatListed</c>: a destination is on one of the configured lists.</summary>
/// <remarks>An address, and the names that the mesh or the client says, are known at once; a name that DNS says may come later. What the mesh refused counts too: who
/// tries it is likely to be compromised.</remarks>
internal sealed class ThreatListedDetector(IReadOnlyList<ThreatList> lists, Tuning tuning, DetectionMetrics metrics, StoredState state, ILogger logger)
    : EpisodeDetector(Name, "A workload talks to a destination that is on a threat list.", tuning, metrics, state)
{
    public const string Name = "EgressThreatListed";

    private IReadOnlyList<ThreatList> _inUse = [];

    protected override DetectorOptions OptionsOf(DetectionOptions all) => all.ThreatListed;

    protected override IEnumerable<WorkloadTraffic> Watched(Sighting sighting)
    {
        foreach (var list in lists) list.Refresh(logger);
        _inUse = [.. lists.Where(list => !list.IsExpired(sighting.Window.End))];
        return _inUse.Count == 0 ? [] : sighting.Seen.Concat(sighting.Settled);
    }

    protected override Match? Match(WorkloadTraffic by, Traffic traffic, DateTimeOffset now)
    {
        // Lists hold private and special networks too; those are not the internet's.
        if (traffic.Destination.Source is NameSource.Special or NameSource.Network) return null;
        foreach (var list in _inUse)
        {
            var atOnce = AtOnce(list, traffic.Flow.To);
            var entry = traffic.IsSettled ? atOnce is null ? list.Find(traffic.Destination.Name) : null : atOnce;
            if (entry is not null) return new($"{list.Name} (entry {Text.Unlinked(entry)})");
        }

        return null;
    }

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} {(episode.Flow.Route == Route.Blocked ? "tried to reach" : "talked to")} {Text.Of(episode.Flow, episode.Destination)}, which is on the list {episode.Detail}. {Text.Traffic(episode)}. Expected: nothing.";

    private static string? AtOnce(ThreatList list, RawDestination to) =>
        (to.Address is { } address ? list.Find(address) : null) ?? OfName(list, to.Service) ?? OfName(list, to.Sni) ?? OfName(list, to.Host);

    private static string? OfName(ThreatList list, string name) => name.Length > 0 ? list.Find(name) : null;
}
