using System.Net;
using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>A rule on who may talk to what. Each condition that has values must match one of them.</summary>
/// <param name="Name">Empty where the configuration has none. The policy is then called by its place, such as <c>number-1</c>.</param>
/// <param name="Severity">The severity of the alert, where the action is <see cref="PolicyAction.Forbid"/>. Empty where the configuration has none: then that
/// of <c>detection.forbidden</c> holds.</param>
public sealed record Policy(
    [property: PlainName, Unset("number-1")] string Name,
    [property: PolicyAction, Required("is missing: allow, forbid or ignore"), Unset("")] PolicyAction Action,
    [property: Severity, Unset(Severities.Warning)] string Severity,
    PolicySource Source,
    PolicyDestination Destination) : ICheckedOptions
{
    /// <summary>Whether <see cref="PolicyAction.Allow"/> also allows any volume.</summary>
    [Unset("usual")]
    public PolicyVolume Volume { get; init; }

    /// <summary>Why the entry is there, for whoever reads it later.</summary>
    [Remark]
    public string Reason { get; init; } = "";

    /// <summary>Who answers for the entry.</summary>
    [Remark]
    public string Owner { get; init; } = "";

    /// <summary>The instant up to which the entry holds; null where it holds for good. A window that ends later is not covered.</summary>
    [Until]
    public DateTimeOffset? Until { get; init; }

    /// <summary>The policy file that the entry comes from; empty for the configuration itself.</summary>
    [NoKey]
    public string File { get; init; } = "";

    /// <summary>Whether the entry has ended.</summary>
    /// <param name="end">The end of a window. The wall clock is never asked, so that replicas agree.</param>
    public bool IsExpired(DateTimeOffset end) => end > Until;

    /// <summary>The same policy, with the severity that holds where it gives none.</summary>
    public Policy Completed(DetectorOptions forbidden) => Severity.Length > 0 ? this : this with { Severity = forbidden.Severity };

    /// <summary>False where it matches all traffic that the mesh let out.</summary>
    public bool HasConditions =>
        Source.Clusters.Count + Source.Namespaces.Count + Source.Workloads.Count + Source.Labels.Count > 0
        || Destination.Names.Count + Destination.Cidrs.Count + Destination.Regions.Count > 0
        || Destination.Ports.Count + Destination.PathPrefixes.Count + Destination.Routes.Count > 0;

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (Action == PolicyAction.Ignore && !HasConditions)
        {
            yield return (
                "action",
                "'ignore' without a condition would hide all traffic from the detectors: give the policy a source or a destination, or remove it");
        }

        if (Volume == PolicyVolume.Any && Action != PolicyAction.Allow)
            yield return ("volume", "'any' needs 'action: allow': the other actions say nothing about volumes");
    }
}

/// <summary>What is done about traffic that a policy matches. Later policies do not see it.</summary>
public enum PolicyAction
{
    /// <summary>The contact is wanted: nothing is reported about the contact itself. Alerts about amounts, lies and dangers stay.</summary>
    Allow,

    /// <summary><c>EgressForbidden</c> fires.</summary>
    Forbid,

    /// <summary>No detector looks at it. It is still counted and exported.</summary>
    Ignore,
}

/// <summary>How much may be sent to a destination that is allowed.</summary>
public enum PolicyVolume
{
    /// <summary>As much as is usual: <c>EgressUploadSpike</c> watches it.</summary>
    Usual,

    /// <summary>Any amount: no sum of <c>EgressUploadSpike</c> has a part of it.</summary>
    Any,
}

/// <summary>The conditions on the workload.</summary>
public sealed record PolicySource
{
    /// <summary>Clusters as <c>telemetry.labels.cluster</c> tells them.</summary>
    [NamePattern]
    public IReadOnlyList<Pattern> Clusters { get; init; } = [];

    [NamePattern]
    public IReadOnlyList<Pattern> Namespaces { get; init; } = [];

    [NamePattern]
    public IReadOnlyList<Pattern> Workloads { get; init; } = [];

    /// <summary>Labels of Istio's series and their values, such as <c>source_version</c> and <c>v2</c>. All of them have to be there.</summary>
    [LabelName]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>The conditions on the destination.</summary>
public sealed record PolicyDestination
{
    /// <summary>Names, or <c>*.suffix</c> for all names below it. Unconfirmed names match only for <see cref="PolicyAction.Forbid"/>.</summary>
    [HostPattern]
    public IReadOnlyList<Pattern> Names { get; init; } = [];

    [Cidr]
    public IReadOnlyList<IPNetwork> Cidrs { get; init; } = [];

    public IReadOnlyList<string> Regions { get; init; } = [];

    [Port]
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>How the path begins. The mesh knows paths only of HTTP that the application does not encrypt.</summary>
    [PathPrefix]
    public IReadOnlyList<string> PathPrefixes { get; init; } = [];

    /// <summary>Ways out of the mesh. Where none is given, all but <see cref="Route.Blocked"/> match.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];
}

/// <summary>How a path begins.</summary>
internal sealed class PathPrefixAttribute() : ValueAttribute("text", "does not begin with /")
{
    public override object? Parse(string text) => text.StartsWith('/') && !text.Any(char.IsWhiteSpace) ? text : null;
}
