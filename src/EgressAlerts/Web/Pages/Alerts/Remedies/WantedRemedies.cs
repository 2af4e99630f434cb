using EgressAlerts.Common;
using EgressAlerts.Decisions;
using EgressAlerts.Detection;
using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Web;

/// <summary>What to do where the traffic of an alert is wanted. It says the same as alerts/tuning.md, with the names of this alert filled in.</summary>
internal static class WantedRemedies
{
    /// <summary>So many times what was observed is a limit that is not exceeded again soon.</summary>
    private const int Room = 2;

    private const string Reload = "Write this into the configuration of EgressAlerts and reload it. ";

    public static IReadOnlyList<Remedy> Of(RemedyFacts facts, DetectionOptions options) =>
    [
        .. facts.AlertName switch
        {
            "EgressBlocked" => [facts.NameSource == Model.NameSource.Registry ? PolicyRemedy.Of(facts) : Registered(facts)],
            "EgressNewDestination" =>
            [
                new("Do nothing", "The destination is learned when the alert resolves, and it is not reported again.", ""),
                .. facts.Host.Length > 0 ? [Registered(facts)] : (Remedy[])[],
                .. Allowed(facts, "Allow it until a day"),
                SwitchedOff(facts, "new_destination", "new destinations"),
            ],
            "EgressUploadSpike" => [MoreUpload(facts), .. Allowed(facts, "Allow any volume until a day")],
            "EgressFanOut" => [Override(facts, "Allow more destinations", "fan_out: {floor: 5000, new_floor: 2000}", "Take limits above what was observed.")],
            "EgressProbing" => [Override(facts, "Allow more attempts", "probing: {destinations: 200}", "Register what it may reach with ServiceEntries.")],
            "EgressBeaconing" => [KnownPulse(facts), .. Allowed(facts, "Allow it until a day")],
            "EgressForbidden" => [.. Allowed(facts, "Allow it until a day", "Write this entry before the one that forbids it. ")],
            "EgressThreatListed" =>
            [
                new("Correct the list", "Take the entry out of the file, and tell the publisher.", ""),
                Ignored(facts),
            ],
            "EgressNameMismatch" => [Registered(facts)],
            "EgressMetadataService" => [new(
                "Allow it",
                Reload + "Add the entry to those that are there. An identity of its own (workload identity, IRSA) is better.",
                $"detection:\n  metadata_service:\n    allowed: {List(options.MetadataService.Allowed.Select(one => $"{one}").Append($"{facts.Source}"))}\n")],
            "EgressOutsideRegion" => [Region(facts, options), .. Allowed(facts, "Allow this destination until a day")],
            "EgressAlertsHeldBack" => [new(
                "Allow more alerts",
                Reload + "First mend what makes so many: /alerts?state=held_back lists them.",
                "alerting: {max_alerts_per_name: 5000, max_alerts: 10000, max_info_alerts: 10000}\n")],
            "EgressAlertsWatchdog" => [new("Do nothing", "This alert should always fire. Send it to a service that calls you when it stops coming.", "")],
            _ => (Remedy[])[],
        },
    ];

    private static Remedy Registered(RemedyFacts facts) => ServiceEntries.Of(facts) ?? new(
        "Find out what it is",
        "The telemetry has neither host nor address of this destination, so nothing can be registered. Add the Telemetry resource of /istio/telemetry.yaml.",
        "");

    private static Remedy Override(RemedyFacts facts, string title, string settings, string advice) => new(
        title, $"{Reload}{advice}", $"detection:\n  overrides:\n    - workloads: {List($"{facts.Source}")}\n      {settings}\n");

    private static Remedy SwitchedOff(RemedyFacts facts, string detector, string what) => Override(
        facts, "Switch the detector off for this workload", $"{detector}: {{enabled: false}}", $"You then hear nothing about {what} of this workload.");

    private static Remedy MoreUpload(RemedyFacts facts)
    {
        // The observed amount begins with its size, such as "605 MiB within an hour".
        var size = SizeText.Parse(string.Concat(facts.Observed.Split(' ').Take(2).Select(part => part.Split('.')[0]))) ?? 0;
        var floor = 1L << 30;
        while (floor < size * Room && floor < 1L << 49) floor *= 2;
        var settings = $"upload_spike: {{floor: {SizeText.Exact(floor)}, daily_floor: {SizeText.Exact(floor * Room)}}}";
        return Override(facts, "Allow more", settings, "Less than this within an hour, or as an excess of several days, is then never too much.");
    }

    private static Remedy KnownPulse(RemedyFacts facts)
    {
        const string title = "Name the pulse as known";
        if (facts.Confirmed && facts.Destination.Length > 0)
        {
            return new(
                title, Reload + "Add the name to those that are there. Other detectors still look at it.",
                $"detection:\n  beaconing:\n    known: {List(facts.Destination)}\n");
        }

        if (facts.Address is null) return Registered(facts);
        var name = Slug("pulse", $"{facts.Address}");
        return new(
            title,
            Reload + "Nobody vouches for the name of this destination, and a known name counts only if it is verified. So name its address yourself. "
                + "Choose a better name.",
            $"destinations:\n  networks:\n    - {{name: {Value(name)}, cidrs: {List(facts.Cidr)}}}\ndetection:\n  beaconing:\n    known: {List(name)}\n");
    }

    /// <summary>The entry and the command that makes it.</summary>
    private static IEnumerable<Remedy> Allowed(RemedyFacts facts, string title, string where = "")
    {
        var byAddress = facts is { Confirmed: false, Cidr.Length: > 0 };
        var decision = new AllowDecision("write here why this is wanted", "", facts.AllowUntil, byAddress);
        if (AllowEntry.Make(facts, facts.NetworkOf, decision, out var refusal) is not { } entry)
        {
            yield return new(title, refusal, "");
            yield break;
        }

        yield return new(
            title,
            $"{where}The alert resolves with the next window after a reload. When the entry has ended, the alert comes back with the next contact. "
                + (byAddress ? "Nobody vouches for the name, so the entry is about the address alone." : ""),
            entry.Section);
        if (facts.Fingerprint.Length > 0)
        {
            yield return new(
                "The same as a command", "It prints the entry. With --write=FILE it appends the entry to one of your policy_files, which needs no reload.",
                $"egress-alerts allow {facts.Fingerprint} --reason='write here why this is wanted' --until=30d{(byAddress ? " --by-address" : "")}"
                    + $"{(facts.ServiceUrl.Length > 0 ? $" --url={ShellText.Argument(facts.ServiceUrl)}" : "")}\n");
        }
    }

    private static Remedy Ignored(RemedyFacts facts)
    {
        const string title = "Ignore it";
        var where = facts.Confirmed && facts.Destination.Length > 0 ? $"names: {List(facts.Destination)}"
            : facts.Cidr.Length > 0 ? $"cidrs: {List(facts.Cidr)}"
            : "";
        if (where.Length == 0) return new(title, "Nobody vouches for the name, and the address is not known. So no rule can be narrow enough.", "");
        if (facts.Port.Length > 0) where += $", ports: [{facts.Port}]";
        return new(
            title, Reload + "No detector looks at this traffic any more, threat lists included. It is still counted.",
            $"policies:\n  - name: {Value(Slug(facts.Source.Name, "may", facts.Destination))}\n    action: ignore\n"
                + $"    source: {AllowEntry.SourceOf(facts.Source)}\n    destination: {{{where}}}\n");
    }

    private static Remedy Region(RemedyFacts facts, DetectionOptions options)
    {
        var allowed = options.OutsideRegion.AllowedRegions.FirstOrDefault(one => one.Namespace == facts.Source.Namespace)?.Regions ?? [];
        var region = facts.Region.Length > 0 ? facts.Region : facts.Observed.Split(':')[0];
        return new(
            "Allow the region",
            Reload + "Replace the entry of this namespace. If the region is wrong, name the network in destinations.networks.",
            $"detection:\n  outside_region:\n    allowed_regions:\n"
                + $"      - {{namespace: {Value(facts.Source.Namespace)}, regions: {List(allowed.Append(region).Distinct())}}}\n");
    }
}
