using System.Net;

namespace EgressAlerts.Detection;

/// <summary>Says whether one policy matches all that another one matches, by their conditions alone. It says so only where that is certain.</summary>
internal static class PolicyCover
{
    /// <summary>What a policy without routes matches.</summary>
    private static readonly Route[] Unblocked = [.. Enum.GetValues<Route>().Where(route => route != Route.Blocked)];

    public static bool Covers(Policy wide, Policy narrow)
    {
        var ((from, to), (ofSource, of)) = ((wide.Source, wide.Destination), (narrow.Source, narrow.Destination));
        return Holds(from.Clusters, ofSource.Clusters, Covers)
            && Holds(from.Namespaces, ofSource.Namespaces, Covers)
            && Holds(from.Workloads, ofSource.Workloads, Covers)
            && from.Labels.All(label => ofSource.Labels.TryGetValue(label.Key, out var value) && value == label.Value)
            && CoversNames(wide, narrow)
            && Holds(to.Cidrs, of.Cidrs, Covers)
            && Holds(to.Regions, of.Regions, (one, other) => one == other)
            && Holds(to.Ports, of.Ports, (one, other) => one == other)
            && Holds(to.PathPrefixes, of.PathPrefixes, (one, other) => other.StartsWith(one, StringComparison.Ordinal))
            && RoutesOf(narrow).All(RoutesOf(wide).Contains);
    }

    /// <summary>What a client claims matches <see cref="PolicyAction.Forbid"/> alone. So a verified name does not cover it.</summary>
    private static bool CoversNames(Policy wide, Policy narrow) =>
        Holds(wide.Destination.Names, narrow.Destination.Names, Covers)
        && (wide.Destination.Names.Count == 0 || wide.Action == PolicyAction.Forbid || narrow.Action != PolicyAction.Forbid);

    private static IReadOnlyList<Route> RoutesOf(Policy policy) => policy.Destination.Routes.Count > 0 ? policy.Destination.Routes : Unblocked;

    /// <summary>A condition that is not given always holds. Of several values each one must be covered.</summary>
    private static bool Holds<T>(IReadOnlyList<T> wide, IReadOnlyList<T> narrow, Func<T, T, bool> covers) =>
        wide.Count == 0 || (narrow.Count > 0 && narrow.All(one => wide.Any(other => covers(other, one))));

    private static bool Covers(IPNetwork wide, IPNetwork narrow) => wide.PrefixLength <= narrow.PrefixLength && wide.Contains(narrow.BaseAddress);

    private static bool Covers(Pattern wide, Pattern narrow) => (wide.Text, narrow.Text) switch
    {
        ("*", _) => true,
        (_, "*") => false,
        var (one, other) when other.StartsWith('*') => one.StartsWith('*') && other.EndsWith(one[1..], StringComparison.Ordinal),
        var (one, other) when other.EndsWith('*') => one.EndsWith('*') && other.StartsWith(one[..^1], StringComparison.Ordinal),
        _ => wide.Matches(narrow.Text),
    };
}
