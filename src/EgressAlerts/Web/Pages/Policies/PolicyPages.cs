using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The page about policies.</summary>
internal sealed class PolicyPages(PageSources sources)
{
    public void Map(PageRoutes routes) => routes.MapPage<PoliciesPage, PoliciesModel>("/policies", _ => Read());

    /// <summary>The conditions of a policy in words. Those on the workload come first.</summary>
    internal static IReadOnlyList<string> Conditions(Policy policy)
    {
        var (from, to) = (policy.Source, policy.Destination);
        (string Words, IEnumerable<string> Values)[] all =
        [
            ("the namespace is", Texts(from.Namespaces)),
            ("the workload is", Texts(from.Workloads)),
            ("all of these labels are there:", from.Labels.Select(label => $"{label.Key}={label.Value}")),
            (policy.Action == PolicyAction.Forbid ? "the name is" : "the verified name is", Texts(to.Names)),
            ("the address is in", Texts(to.Cidrs)),
            ("the region is", to.Regions),
            ("the port is", to.Ports),
            ("the path begins with", to.PathPrefixes),
            ("the route is", to.Routes.Select(route => route.LabelValue())),
        ];
        return [.. all.Select(one => (one.Words, Values: one.Values.ToList())).Where(one => one.Values.Count > 0).Select(one => $"{one.Words} {List(one)}")];
    }

    private static string List((string Words, List<string> Values) one) => string.Join(one.Words.EndsWith(':') ? ", " : " or ", one.Values);

    private static IEnumerable<string> Texts<T>(IEnumerable<T> values) => values.Select(value => $"{value}");

    private PageResult<PoliciesModel> Read()
    {
        var pass = sources.Pass;
        var (hits, states) = (pass.PolicyHits, pass.PolicyStates);
        return PageResult.Of("Policies", new PoliciesModel(
            sources.Exposition.Current?.Counters.Window.End,
            [.. pass.Policies.Select(policy => Row(policy, hits.GetValueOrDefault(policy.Name, new()), states.GetValueOrDefault(policy.Name)))]));
    }

    private static PolicyRow Row(Policy policy, PolicyHit hit, PolicyState state) => new(
        policy.Name,
        policy.Action.LabelValue(),
        policy.Action == PolicyAction.Forbid ? policy.Severity : "",
        Conditions(policy),
        hit.Hits,
        hit.Hits > 0 ? hit.LastHit : null,
        hit.NearMisses,
        hit.NearMisses > 0 ? hit.LastNearMiss : null,
        hit.NearMissSource ?? "",
        hit.NearMissName ?? "")
    {
        State = state.LabelValue(),
        Volume = policy.Action == PolicyAction.Allow ? policy.Volume.LabelValue() : "",
        Reason = policy.Reason,
        Owner = policy.Owner,
        Until = policy.Until,
        File = policy.File,
    };
}
