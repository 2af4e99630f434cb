using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>A rule on who may talk to what. All conditions that are given have to hold, of the values of each one; what is not given holds always.</summary>
/// <param name="Name">Empty where the configuration has none: then it is called after its place, such as <c>number-1</c>.</param>
/// <param name="Severity">Of <see cref="PolicyAction.Alert"/>. Empty where the configuration has none: then that of <c>detection.forbidden</c> holds.</param>
public sealed record Policy(
    [property: PlainName, Unset("number-1")] string Name,
    [property: Required("is missing: allow, alert or ignore"), Unset("")] PolicyAction Action,
    [property: Severity, Unset(Severities.Warning)] string Severity,
    PolicySource Source,
    PolicyDestination Destination) : ICheckedOptions
{
    /// <summary>False where it is about all traffic, but for what the mesh refused.</summary>
    public bool HasConditions =>
        Source.Namespaces.Count + Source.Workloads.Count + Source.Labels.Count > 0
        || Destination.Names.Count + Destination.Cidrs.Count + Destination.Regions.Count > 0
        || Destination.Ports.Count + Destination.PathPrefixes.Count + Destination.Routes.Count > 0;

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) => Action == PolicyAction.Ignore && !HasConditions
        ? [("action", "'ignore' without a condition would hide all traffic from the detectors: give the policy a source or a destination, or remove it")]
        : [];
}

/// <summary>What becomes of traffic that a policy matches; later policies do not see it.</summary>
public enum PolicyAction
{
    /// <summary>It is wanted: no <c>EgressForbidden</c>.</summary>
    Allow,

    /// <summary><c>EgressForbidden</c> fires.</summary>
    Alert,

    /// <summary>No detector looks at it. It is counted and exported all the same.</summary>
    Ignore,
}

/// <summary>Who talks.</summary>
public sealed record PolicySource
{
    [NamePattern]
    public IReadOnlyList<Pattern> Namespaces { get; init; } = [];

    [NamePattern]
    public IReadOnlyList<Pattern> Workloads { get; init; } = [];

    /// <summary>Labels that Istio's series has, such as <c>source_version</c>.</summary>
    [LabelName]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Who is talked to.</summary>
public sealed record PolicyDestination
{
    /// <summary>A name, or <c>*.suffix</c> for all names below it. A name that nobody vouches for matches only where that raises an alert.</summary>
    [HostPattern]
    public IReadOnlyList<Pattern> Names { get; init; } = [];

    [Cidr]
    public IReadOnlyList<IPNetwork> Cidrs { get; init; } = [];

    public IReadOnlyList<string> Regions { get; init; } = [];

    [Port]
    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>How the path begins, where the mesh tells it: of HTTP that is not encrypted by the application.</summary>
    [PathPrefix]
    public IReadOnlyList<string> PathPrefixes { get; init; } = [];

    /// <summary>Ways out of the mesh; where none is given, all but what was refused.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];
}

/// <summary>How a path begins.</summary>
internal sealed class PathPrefixAttribute() : ValueAttribute("text", "does not begin with /")
{
    public override object? Parse(string text) => text.StartsWith('/') && !text.Any(char.IsWhiteSpace) ? text : null;
}
