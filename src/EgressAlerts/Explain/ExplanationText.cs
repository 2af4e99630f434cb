using System.Text;
using EgressAlerts.Detection;

namespace EgressAlerts.Explain;

/// <summary>Writes an explanation for a terminal.</summary>
internal static class ExplanationText
{
    public static string Of(Explanation it)
    {
        var text = new StringBuilder();
        var trust = (it.Confirmed ? "confirmed" : "not confirmed") + (it.IsFinal ? "" : ", DNS may still change it");
        text.AppendLine($"name: {it.Name} ({it.NameSource}, {trust})");
        foreach (var rung in it.Rungs) text.AppendLine($"  {rung.Source,-16}{(rung.IsTaken ? "yes" : "no"),-5}{rung.Reason}");
        foreach (var fact in it.Dns) text.AppendLine($"  DNS {fact.Question}: {fact.Answer}");
        foreach (var (word, value) in About(it).Where(about => about.Value.Length > 0)) text.AppendLine($"  {word}: {value}");

        var detection = it.Detection;
        text.AppendLine($"workload: {(it.Source.Length > 0 ? detection.Source : "none is given")}");
        if (detection.Group.Length > 0) text.AppendLine($"  it belongs to the group of detection.workload_groups that matches {detection.Group}");
        if (detection.Override.Length > 0) text.AppendLine($"  {detection.Override} holds for it");
        text.AppendLine($"  {detection.Learning.Text}");

        text.AppendLine(detection.Policies.Count == 0 ? "policies: there are none" : "policies:");
        foreach (var policy in detection.Policies)
            text.AppendLine($"  {policy.Policy} ({policy.Action}): {(policy.Decides ? "decides" : policy.Matches ? "matches" : "no")}, {policy.Reason}");

        text.AppendLine("detectors:");
        foreach (var detector in detection.Detectors)
        {
            text.AppendLine($"  {detector.Alert} ({detector.Severity}) {Word(detector.Verdict)}: {detector.Reason}");
            if (detector.Verdict != DetectorExplanation.Passes)
                text.AppendLine($"    {string.Join("  ", detector.Limits.Select(limit => $"{limit.Key[(limit.Key.LastIndexOf('.') + 1)..]}={limit.Value}"))}");
        }

        return text.ToString();
    }

    /// <summary>A verdict in words.</summary>
    public static string Word(string verdict) => verdict switch
    {
        DetectorExplanation.Fires => "fires",
        DetectorExplanation.Watches => "watches",
        _ => "does not look",
    };

    private static IEnumerable<(string Word, string Value)> About(Explanation it) =>
    [
        ("owner", it.Owner), ("network", it.Network), ("region", it.Region), ("domain", it.Domain), ("site", it.Site), ("refuted claim", it.Refuted),
    ];
}
