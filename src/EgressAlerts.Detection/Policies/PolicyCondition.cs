namespace EgressAlerts.Detection;

/// <summary>One condition that a policy gives.</summary>
/// <param name="Key">The key of the configuration, below the policy.</param>
/// <param name="Wanted">The values of the key, as users write them.</param>
/// <param name="Holds">Whether something meets the condition. Hot code.</param>
/// <param name="Found">The text that is looked for among the wanted values. Empty where the mesh does not tell it.</param>
internal sealed record PolicyCondition<T>(string Key, string Wanted, Func<T, bool> Holds, Func<T, string> Found)
{
    /// <summary>Why something does not meet the condition, such as <c>destination.ports: 443 is not among 80, 8080</c>.</summary>
    public string Miss(T subject) =>
        Found(subject) is { Length: > 0 } found ? $"{Key}: {found} is not among {Wanted}" : $"{Key}: none is known, but it needs one of {Wanted}";
}

/// <summary>Reads the conditions of policies. Those that a policy does not give are left out.</summary>
internal static class PolicyCondition
{
    public const string Names = "destination.names";
    public const string PathPrefixes = "destination.path_prefixes";
    public const string Labels = "source.labels";

    /// <summary>The conditions that the workload alone decides.</summary>
    public static IEnumerable<PolicyCondition<Workload>> OnSource(Policy policy)
    {
        var (clusters, namespaces, workloads) = (policy.Source.Clusters, policy.Source.Namespaces, policy.Source.Workloads);
        if (clusters.Count > 0) yield return new("source.clusters", List(clusters), source => Any(clusters, source.Cluster), source => source.Cluster);
        if (namespaces.Count > 0)
            yield return new("source.namespaces", List(namespaces), source => Any(namespaces, source.Namespace), source => source.Namespace);
        if (workloads.Count > 0) yield return new("source.workloads", List(workloads), source => Any(workloads, source.Name), source => source.Name);
    }

    /// <summary>The other conditions. The one on the name comes last, so that whoever misses it meets all others.</summary>
    public static IEnumerable<PolicyCondition<FlowActivity>> OnTraffic(Policy policy)
    {
        var (to, labels) = (policy.Destination, policy.Source.Labels);
        yield return to.Routes.Count == 0
            ? new("destination.routes", "all but blocked", seen => !seen.IsBlocked, RouteOf)
            : new("destination.routes", List(to.Routes.Select(route => route.LabelValue())), seen => to.Routes.Contains(seen.Flow.Route), RouteOf);
        if (to.Ports.Count > 0) yield return new("destination.ports", List(to.Ports), seen => to.Ports.Contains(seen.To.Port), seen => seen.To.Port);
        if (to.Regions.Count > 0)
        {
            yield return new(
                "destination.regions", List(to.Regions), seen => to.Regions.Contains(seen.Destination.Region), seen => seen.Destination.Region);
        }

        if (to.Cidrs.Count > 0)
        {
            yield return new(
                "destination.cidrs", List(to.Cidrs), seen => seen.To.Address is { } address && to.Cidrs.Any(cidr => cidr.Contains(address)),
                seen => $"{seen.To.Address}");
        }

        if (to.PathPrefixes.Count > 0)
        {
            yield return new(
                PathPrefixes, List(to.PathPrefixes), seen => to.PathPrefixes.Any(prefix => seen.Tags.Has(PolicyTags.Path, prefix)), TagsOf);
        }

        if (labels.Count > 0)
        {
            yield return new(
                Labels, List(labels.Select(label => $"{label.Key}={label.Value}")),
                seen => labels.All(label => seen.Tags.Has(label.Key, label.Value)), TagsOf);
        }

        if (to.Names.Count > 0) yield return new(Names, List(to.Names), OnName(policy), NamesOf);
    }

    /// <summary>Whether the client or the telemetry calls the destination by another name that a policy asks for.</summary>
    public static bool IsClaimed(Policy policy, FlowActivity seen)
    {
        return IsAsked(seen.To.Sni) || IsAsked(seen.To.Host) || IsAsked(seen.To.Service);

        bool IsAsked(string text) => text.Length > 0 && text != seen.Destination.Name && Any(policy.Destination.Names, text);
    }

    /// <summary>Whether a policy asks for the name that the destination has, verified or not.</summary>
    public static bool IsNamed(Policy policy, FlowActivity seen) => Any(policy.Destination.Names, seen.Destination.Name);

    /// <summary>What of a destination met the conditions of a policy that matches, for people to read. Empty where the policy asks for nothing of it.</summary>
    public static string Matched(Policy policy, FlowActivity seen)
    {
        var to = policy.Destination;
        var parts = new List<string>();
        if (to.Names.Count > 0) parts.Add(MatchedName(policy, seen));
        if (to.Cidrs.Count > 0) parts.Add($"the address {seen.To.Address}");
        if (to.Regions.Count > 0) parts.Add($"the region {seen.Destination.Region}");
        if (to.Ports.Count > 0) parts.Add($"port {seen.To.Port}");
        if (to.PathPrefixes.Count > 0) parts.Add($"a path below {List(to.PathPrefixes.Where(prefix => seen.Tags.Has(PolicyTags.Path, prefix)))}");
        return List(parts);
    }

    private static string MatchedName(Policy policy, FlowActivity seen)
    {
        if (IsNamed(policy, seen)) return $"the name {Wording.Name(seen.Destination.Name, seen.Destination.Confirmed)}";
        (string What, string Name)[] claims = [("the TLS server name", seen.To.Sni), ("the Host header", seen.To.Host), ("the host", seen.To.Service)];
        var (what, name) = claims.First(claim => claim.Name.Length > 0 && Any(policy.Destination.Names, claim.Name));
        return $"{what} {Wording.Unlinked(name)}";
    }

    /// <summary>An unconfirmed name can accuse but not excuse, because malware would call its server like an allowed one.</summary>
    private static Func<FlowActivity, bool> OnName(Policy policy) => policy.Action == PolicyAction.Forbid
        ? seen => IsNamed(policy, seen) || IsClaimed(policy, seen)
        : seen => seen.Destination.Confirmed && IsNamed(policy, seen);

    private static bool Any(IReadOnlyList<Pattern> patterns, string text)
    {
        foreach (var pattern in patterns)
        {
            if (pattern.Matches(text)) return true;
        }

        return false;
    }

    private static string NamesOf(FlowActivity seen) =>
        List(((string[])[seen.Destination.Name, seen.To.Sni, seen.To.Host, seen.To.Service]).Where(name => name.Length > 0).Distinct());

    private static string RouteOf(FlowActivity seen) => seen.Flow.Route.LabelValue();

    private static string TagsOf(FlowActivity seen) => $"{seen.Tags}".Trim().ReplaceLineEndings(" ");

    private static string List<T>(IEnumerable<T> values) => string.Join(", ", values);
}
