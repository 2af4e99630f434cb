using EgressAlerts.Configuration;
using EgressAlerts.Past;
using EgressAlerts.Polling;
using EgressAlerts.Registry;

namespace EgressAlerts.Proposals;

/// <summary>Says what entries that exist already would let pass. It may be of a time before they existed.</summary>
internal static class Covered
{
    public static Func<PastUse, PastTraffic, bool> By(MeshRegistry registry, Settings settings, ProposalOptions options, PastKnowledge known)
    {
        if (registry.Entries.Count == 0) return (_, _) => false;
        var door = new Door(
            registry,
            options.IsAmbient ? MeshMode.Ambient : MeshMode.Sidecar,
            registryOnly: true,
            settings.Registry.RootNamespace,
            settings.Telemetry.ClusterDomain,
            [.. settings.Telemetry.EgressGateways]);
        return (use, traffic) => door.Judge(known.Seen(use.Flow, traffic.Find(use.Flow.Destination))).Outcome == Outcome.Passes;
    }
}
