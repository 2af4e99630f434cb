namespace EgressAlerts.Registry;

/// <summary>An AuthorizationPolicy, as far as flows can be judged by it. Immutable.</summary>
/// <param name="Targets">What it is attached to (<c>targetRefs</c>).</param>
/// <param name="Selector">The labels of the workloads that it is for. Null stands for all of the namespace.</param>
/// <param name="Rules">An ALLOW policy without a rule refuses everything.</param>
public sealed record AuthorizationPolicy(
    ResourceName Name,
    PolicyAction Action,
    IReadOnlyList<PolicyTarget> Targets,
    IReadOnlyDictionary<string, string>? Selector,
    IReadOnlyList<PolicyRule> Rules);

public enum PolicyAction
{
    Allow,
    Deny,
    Audit,
    Custom,
}

/// <summary>What a policy is attached to. It is in the namespace of the policy.</summary>
public sealed record PolicyTarget(string Kind, string Name);

/// <summary>A rule matches if one source, one operation and all conditions match. Empty lists match everything.</summary>
/// <param name="Unjudged">The key that metrics say nothing about, such as <c>when</c>. Empty where there is none.</param>
public sealed record PolicyRule(IReadOnlyList<PolicySource> From, IReadOnlyList<PolicyOperation> To, string Unjudged = "");

/// <summary>Fields that all have to match. Empty lists match everything.</summary>
/// <param name="Unjudged">The key that metrics say nothing about, such as <c>ipBlocks</c>. Empty where there is none.</param>
public sealed record PolicySource(
    IReadOnlyList<string> Namespaces,
    IReadOnlyList<string> NotNamespaces,
    IReadOnlyList<string> Principals,
    IReadOnlyList<string> NotPrincipals,
    string Unjudged = "");

/// <summary>Fields that all have to match. Empty lists match everything.</summary>
/// <param name="Unjudged">The key that metrics say nothing about, such as <c>methods</c>. Empty where there is none.</param>
public sealed record PolicyOperation(
    IReadOnlyList<string> Hosts,
    IReadOnlyList<string> NotHosts,
    IReadOnlyList<string> Ports,
    IReadOnlyList<string> NotPorts,
    string Unjudged = "");
