using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary><c>EgressThreatListed</c>: a destination is on one of the configured lists.</summary>
/// <remarks>What the mesh refused counts too, because a workload that tries a listed destination is likely to be compromised.</remarks>
internal sealed class ThreatListedDetector(IReadOnlyList<ThreatList> lists, Tuning tuning, DetectionMetrics metrics, StoredState state, ILogger logger)
    : EpisodeDetector(Name, tuning, metrics, state)
{
    public const string Name = "EgressThreatListed";

    private IReadOnlyList<ThreatList> _inUse = [];

    protected override EpisodeOptions OptionsOf(DetectionOptions all) => all.ThreatListed;

    protected override IEnumerable<WorkloadActivity> Watched(DetectionInput input)
    {
        foreach (var list in lists) list.Refresh(logger);
        _inUse = [.. lists.Where(list => !list.IsExpired(input.Window.End))];
        return _inUse.Count == 0 ? [] : input.Seen.Concat(input.SettledLater);
    }

    protected override Match? Match(WorkloadActivity workload, FlowActivity activity)
    {
        foreach (var list in _inUse)
        {
            if (Find(list, activity) is { } entry) return new($"{list.Name} (entry {Wording.Unlinked(entry)})");
        }

        return null;
    }

    protected override string Summarize(Workload source, Episode episode) =>
        $"{source} {Wording.Contact(episode)} {Wording.Place(episode)}, which is on threat list {episode.Detail.Split(" (")[0]} ({Wording.Sum(episode)})";

    protected override string Describe(Workload source, Episode episode) =>
        $"{source} {Wording.Contact(episode)} {Wording.Destination(episode.Flow, episode.Destination)}. It is on threat list {episode.Detail}. "
        + $"Seen: {Wording.Amount(episode)}.{Wording.Outcome(episode)}";

    protected override FindingFacts Facts(Workload source, Episode episode) => new(Wording.Sum(episode), "nothing", "detection.threat_listed.lists");

    /// <summary>The entry of a list that an activity matches. Null where there is none. Any thread.</summary>
    public static string? Find(ThreatList list, FlowActivity activity)
    {
        // Lists hold private and special networks too. Those are not of the internet.
        if (activity.Destination.Source is NameSource.Special or NameSource.Network) return null;
        // Addresses and names in the telemetry are looked up in the window that shows them. Only a name that DNS says is looked up when it is final.
        var atOnce = InTelemetry(list, activity.To);
        return activity.Stage switch
        {
            NameStage.Open => atOnce,
            NameStage.FinalLater => atOnce is null ? list.Find(activity.Destination.Name) : null,
            _ => atOnce ?? list.Find(activity.Destination.Name),
        };
    }

    private static string? InTelemetry(ThreatList list, RawDestination to) =>
        (to.Address is { } address ? list.Find(address) : null) ?? ByName(list, to.Service) ?? ByName(list, to.Sni) ?? ByName(list, to.Host);

    private static string? ByName(ThreatList list, string name) => name.Length > 0 ? list.Find(name) : null;
}
