using EgressAlerts.Web;

namespace EgressAlerts.Decisions;

/// <summary>Says of which alerts an entry with <c>allow</c> lifts nothing, and what to do instead.</summary>
internal static class AllowAdvice
{
    public const string UploadSpike = "EgressUploadSpike";

    private static readonly string[] Lifted = ["EgressNewDestination", "EgressBeaconing", "EgressForbidden", "EgressOutsideRegion", UploadSpike];

    /// <summary>The alerts that an entry can lift.</summary>
    public static bool CanLift(string alertName) => Lifted.Contains(alertName);

    /// <summary>Empty where an entry can lift the alert.</summary>
    public static string Instead(RemedyFacts facts)
    {
        var advice = facts.AlertName switch
        {
            _ when CanLift(facts.AlertName) => "",
            "EgressFanOut" => "it is about how many destinations there are. Raise the limits in an entry of detection.overrides for this workload",
            "EgressThreatListed" => "a threat list warns of the destination. Take the entry out of the list, or use a policy with action: ignore",
            "EgressNameMismatch" => "the client claims a name that leads elsewhere. Register the host with its address by a ServiceEntry (resolution: STATIC)",
            "EgressMetadataService" => "it is about the cloud's metadata service. Add the workload to detection.metadata_service.allowed",
            "EgressBlocked" or "EgressProbing" => "the mesh itself refuses the traffic. Register the host by a ServiceEntry",
            _ => "it is not about a contact. Its runbook says what to do",
        };
        if (advice.Length > 0) return $"{facts.AlertName} is not lifted by 'allow', because {advice}.";
        if (!facts.HasWorkload) return "The alert names no workload, so no entry can be narrow enough.";
        return facts.Destination.Length > 0
            ? ""
            : "The alert is about all destinations of the workload together, so no entry can lift it. Raise upload_spike.floor in an entry of "
                + "detection.overrides, or allow the single destinations with volume: any.";
    }
}
