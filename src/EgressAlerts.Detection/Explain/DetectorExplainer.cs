using EgressAlerts.Common;
using static EgressAlerts.Detection.DetectorExplanation;

namespace EgressAlerts.Detection;

/// <summary>Says of each detector whether it looks at some traffic, and with which limits. Any thread.</summary>
/// <param name="options">The settings that hold for the workload.</param>
/// <param name="decides">The policy that decides about the traffic; null for none.</param>
internal sealed class DetectorExplainer(
    DetectionOptions options, FlowActivity activity, Policy? decides, LearningExplanation learning, IReadOnlyList<ThreatList> lists, DateTimeOffset now)
{
    private static readonly DetectionOptions Defaults = new();

    /// <summary>The alerts that <see cref="PolicyAction.Allow"/> lifts.</summary>
    private static readonly string[] AboutContact =
        [NewDestinationDetector.Name, BeaconingDetector.Name, ForbiddenDetector.Name, OutsideRegionDetector.Name];

    public IReadOnlyList<DetectorExplanation> Explain() =>
    [
        Of(BlockedDetector.Name, "blocked", all => all.Blocked, () =>
            activity.IsBlocked ? (Fires, "the mesh refuses the traffic") : (Passes, "the mesh lets the traffic out")),
        Of(ProbingDetector.Name, "probing", all => all.Probing, () =>
            (Watches, "it counts the destinations that are blocked or do not answer")),
        Of(NewDestinationDetector.Name, "new_destination", all => all.NewDestination, NewDestination),
        Of(UploadSpikeDetector.Name, "upload_spike", all => all.UploadSpike, () => decides is { Action: PolicyAction.Allow, Volume: PolicyVolume.Any }
            ? (Passes, $"policy {decides.Name} allows any volume")
            : Unblocked("it compares what is sent with what is usual")),
        Of(FanOutDetector.Name, "fan_out", all => all.FanOut, () => Unblocked("it compares the number of destinations with what is usual")),
        Of(BeaconingDetector.Name, "beaconing", all => all.Beaconing, Beaconing),
        Of(ForbiddenDetector.Name, "forbidden", all => all.Forbidden, Forbidden),
        Of(NameMismatchDetector.Name, "name_mismatch", all => all.NameMismatch, () => activity is { Refuted: { } claim, IsBlocked: false }
            ? (Fires, $"the claimed name {Wording.Unlinked(claim.Name)} {claim.Evidence}")
            : (Watches, "no claimed name is clearly contradicted by DNS")),
        Of(MetadataServiceDetector.Name, "metadata_service", all => all.MetadataService, MetadataService),
        Of(OutsideRegionDetector.Name, "outside_region", all => all.OutsideRegion, OutsideRegion),
        Of(ThreatListedDetector.Name, "threat_listed", all => all.ThreatListed, ThreatListed),
    ];

    private DetectorExplanation Of(string alert, string section, Func<DetectionOptions, DetectorOptions> find, Func<(string Verdict, string Reason)> judge)
    {
        var own = find(options);
        var key = $"detection.{section}";
        var (verdict, reason) = decides is { Action: PolicyAction.Ignore } ? (Passes, $"policy {decides.Name} ignores the traffic")
            : !own.Enabled ? (Passes, $"{key}.enabled is false")
            : decides is { Action: PolicyAction.Allow } && AboutContact.Contains(alert) ? (Passes, $"policy {decides.Name} allows the contact")
            : judge();
        var severity = alert == ForbiddenDetector.Name && decides is { Action: PolicyAction.Forbid } ? decides.Severity : own.Severity;
        return new(alert, verdict, severity, reason, EffectiveOptions.List(own, find(Defaults), key));
    }

    private (string Verdict, string Reason) Unblocked(string reason) =>
        activity.IsBlocked ? (Passes, "the mesh refuses the traffic, so that it carries nothing") : (Watches, reason);

    private (string Verdict, string Reason) NewDestination() => (activity.IsBlocked, learning.State) switch
    {
        (true, _) => (Passes, "what the mesh refuses is no contact"),
        (_, LearningExplanation.Learning) => (Passes, "the workload is still being learned, so that nothing is new for it"),
        (_, LearningExplanation.Unknown) =>
            (Watches, "it fires at the first contact of a workload that is learned, unless half of the other namespaces use the destination"),
        _ => (Watches, "it fires at the first contact within detection.memory, unless half of the other namespaces use the destination"),
    };

    private (string Verdict, string Reason) Beaconing() => BeaconingDetector.IsAllowed(options.Beaconing, activity.Destination)
        ? (Passes, "detection.beaconing.known names the destination")
        : Unblocked("it looks for regular times of exchanges that begin after the workload was learned");

    private (string Verdict, string Reason) Forbidden() => decides switch
    {
        { Action: PolicyAction.Forbid } => (Fires, $"policy {decides.Name} forbids the traffic"),
        _ => (Passes, "no policy matches"),
    };

    private (string Verdict, string Reason) MetadataService() =>
        !MetadataServiceDetector.Asks(activity) ? (Passes, "the destination is no metadata service that answers")
        : MetadataServiceDetector.IsAllowed(options, activity.Source)
            ? (Watches, "the workload is in detection.metadata_service.allowed, so that only very frequent requests are reported")
            : (Fires, "the workload is not in detection.metadata_service.allowed");

    private (string Verdict, string Reason) OutsideRegion()
    {
        var allowed = OutsideRegionDetector.Allowed(options, activity.Source);
        if (allowed is null) return (Passes, "detection.outside_region.allowed_regions does not name the namespace");
        if (activity.Destination.Region.Length == 0) return (Passes, "the region of the destination is not known");
        var regions = string.Join(", ", allowed);
        return OutsideRegionDetector.IsOutside(allowed, activity)
            ? (Fires, $"{activity.Destination.Region} is not among {regions}")
            : (Watches, $"the namespace is to keep to {regions}");
    }

    private (string Verdict, string Reason) ThreatListed()
    {
        if (lists.Count == 0) return (Passes, "detection.threat_listed.lists is empty");
        foreach (var list in lists)
        {
            if (ThreatListedDetector.Find(list, activity) is not { } entry) continue;
            return list.IsExpired(now)
                ? (Passes, $"the list {list.Name} has the entry {Wording.Unlinked(entry)}, but the list has expired")
                : (Fires, $"the list {list.Name} has the entry {Wording.Unlinked(entry)}");
        }

        return (Watches, "the destination is on no list");
    }
}
