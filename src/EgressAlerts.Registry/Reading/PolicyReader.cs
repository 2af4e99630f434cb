namespace EgressAlerts.Registry;

/// <summary>Reads an AuthorizationPolicy. What metrics say nothing about is kept as the name of its key.</summary>
internal static class PolicyReader
{
    public static AuthorizationPolicy Read(Node resource, ResourceName name)
    {
        var spec = resource.Find("spec") ?? new Node(resource.Line, "spec") { Keys = new Dictionary<string, Node>() };
        IEnumerable<Node> targets = spec.Find("targetRef") is { } single ? [single] : spec.ListOf("targetRefs");
        return new(
            name,
            spec.MemberOf(
                "action",
                PolicyAction.Allow,
                ("ALLOW", PolicyAction.Allow),
                ("DENY", PolicyAction.Deny),
                ("AUDIT", PolicyAction.Audit),
                ("CUSTOM", PolicyAction.Custom)),
            [.. targets.Select(target => new PolicyTarget(target.TextOf("kind"), target.TextOf("name")))],
            spec.Find("selector") is { } selector ? selector.LabelsOf("matchLabels") ?? new Dictionary<string, string>() : null,
            [.. spec.ListOf("rules").Select(Rule)]);
    }

    private static PolicyRule Rule(Node rule) => rule.Keys is null && rule.Text is null && rule.Items is null
        ? new([], [])
        : new(
            [.. rule.ListOf("from").Select(from => Source(from.Find("source") ?? throw from.Fault("has no 'source'")))],
            [.. rule.ListOf("to").Select(to => Operation(to.Find("operation") ?? throw to.Fault("has no 'operation'")))],
            Other(rule, "from", "to"));

    private static PolicySource Source(Node source) => new(
        source.TextsOf("namespaces"),
        source.TextsOf("notNamespaces"),
        source.TextsOf("principals"),
        source.TextsOf("notPrincipals"),
        Other(source, "namespaces", "notNamespaces", "principals", "notPrincipals"));

    private static PolicyOperation Operation(Node operation) => new(
        [.. operation.TextsOf("hosts").Select(host => host.ToLowerInvariant())],
        [.. operation.TextsOf("notHosts").Select(host => host.ToLowerInvariant())],
        operation.TextsOf("ports"),
        operation.TextsOf("notPorts"),
        Other(operation, "hosts", "notHosts", "ports", "notPorts"));

    /// <summary>The first key that is none of these and holds something.</summary>
    private static string Other(Node node, params string[] judged) =>
        node.Keys?.Where(key => !judged.Contains(key.Key) && node.Find(key.Key) is { Items: null or { Count: > 0 } })
            .Select(key => key.Key)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault() ?? "";
}
