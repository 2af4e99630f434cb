namespace EgressAlerts.Web;

/// <summary>What the bar on top of every page says: whether the watch is on. Its JSON twin is <c>/api/v1/header</c>.</summary>
/// <param name="Version">Of the program.</param>
/// <param name="Lights">One for each thing that must work.</param>
/// <param name="Clusters">Those whose workloads are exported, as far as the telemetry tells them.</param>
/// <param name="LastReload">When the configuration was last loaded or refused; null before.</param>
public sealed record HeaderModel(string Version, IReadOnlyList<HeaderLight> Lights, DateTimeOffset? LastReload, IReadOnlyList<string> Clusters);

/// <summary>How one thing stands.</summary>
/// <param name="Kind"><c>good</c>, <c>warning</c>, <c>critical</c>, or <c>muted</c> where it is neither.</param>
/// <param name="Path">The page that says more, below the overview.</param>
public sealed record HeaderLight(string Kind, string Text, string Path);
