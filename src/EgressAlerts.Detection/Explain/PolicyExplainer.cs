namespace EgressAlerts.Detection;

/// <summary>Says of each policy whether it matches, and why not. Any thread.</summary>
internal static class PolicyExplainer
{
    public static (IReadOnlyList<PolicyExplanation> Explained, Policy? Decides) Explain(
        IReadOnlyList<PolicyRule> rules, FlowActivity activity, DateTimeOffset now)
    {
        var (explained, decides) = (new List<PolicyExplanation>(rules.Count), (Policy?)null);
        foreach (var rule in rules)
        {
            var (policy, miss) = (rule.Policy, rule.WhyNot(activity, now));
            var isFirst = miss is null && decides is null;
            var reason = miss ?? (isFirst ? Consequence(policy) : $"it matches too, but {decides!.Name} comes first");
            explained.Add(new(policy.Name, policy.Action.LabelValue(), miss is null, isFirst, reason));
            if (isFirst) decides = policy;
        }

        return (explained, decides);
    }

    private static string Consequence(Policy policy) => policy.Action switch
    {
        PolicyAction.Allow => "it allows the contact: nothing is reported about the contact itself"
            + (policy.Volume == PolicyVolume.Any ? ", and any amount may be sent" : ", and alerts about amounts and dangers stay"),
        PolicyAction.Ignore => "it hides the traffic from all detectors",
        _ => $"it forbids the traffic: EgressForbidden fires with severity {policy.Severity}",
    };
}
