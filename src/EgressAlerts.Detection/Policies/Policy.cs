using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>A rule on who may talk to what. All conditions that are given have to hold, of the values of each one; what is not given holds always.</summary>
/// <param name="Severity">Of <see cref="PolicyAction.Alert"/>.</param>
public sealed record Policy(string Name, PolicyAction Action, string Severity, PolicySource Source, PolicyDestination Destination)
{
    /// <summary>False where it is about all traffic, but for what the mesh refused.</summary>
    public bool HasConditions =>
        Source.Namespaces.Count + Source.Workloads.Count + Source.Labels.Count > 0
        || Destination.Names.Count + Destination.Cidrs.Count + Destination.Regions.Count > 0
        || Destination.Ports.Count + Destination.PathPrefixes.Count + Destination.Routes.Count > 0;
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
    public IReadOnlyList<Pattern> Namespaces { get; init; } = [];

    public IReadOnlyList<Pattern> Workloads { get; init; } = [];

    /// <summary>Labels that Istio's series has, such as <c>source_version</c>.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Who is talked to.</summary>
public sealed record PolicyDestination
{
    /// <summary>A name, or <c>*.suffix</c> for all names below it. A name that nobody vouches for matches only where that raises an alert.</summary>
    public IReadOnlyList<Pattern> Names { get; init; } = [];

    public IReadOnlyList<IPNetwork> Cidrs { get; init; } = [];

    public IReadOnlyList<string> Regions { get; init; } = [];

    public IReadOnlyList<string> Ports { get; init; } = [];

    /// <summary>How the path begins, where the mesh tells it: of HTTP that is not encrypted by the application.</summary>
    public IReadOnlyList<string> PathPrefixes { get; init; } = [];

    /// <summary>Ways out of the mesh; where none is given, all but what was refused.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];
}
