namespace EgressAlerts.Web;

/// <summary>What a page needs to know about the request that it answers.</summary>
/// <param name="Root">The way from this page to the overview, such as <c>../</c>. All links are relative, so they work under every prefix and behind every
/// reverse proxy.</param>
/// <param name="Path">The path of this page below the overview, such as <c>alerts/5f3e</c>.</param>
public sealed record PageContext(string Root, string Path, IReadOnlyList<KeyValuePair<string, string>> Arguments, DateTimeOffset Now)
{
    /// <summary>Whether there are several clusters, so that a workload is told with its own.</summary>
    public bool HasClusters { get; init; }

    /// <summary>A link to a page of the service.</summary>
    /// <param name="path">Below the overview. Its parts are encoded already, see <see cref="Links"/>.</param>
    public string Link(string path) => Root + path;

    /// <summary>A link to this page with one argument changed. Pages begin at their first one again.</summary>
    public string With(string name, string value) => "?" + Query([(name, value)]);

    /// <summary>As <see cref="With(string, string)"/>, for several arguments. An empty value leaves the argument out.</summary>
    public string With(params (string Name, string Value)[] changed) => "?" + Query(changed);

    private string Query((string Name, string Value)[] changed)
    {
        var kept = Arguments.Where(argument => argument.Key != "page" && changed.All(change => change.Name != argument.Key))
            .Select(argument => (Name: argument.Key, argument.Value));
        return string.Join('&', kept.Concat(changed).Where(argument => argument.Value.Length > 0)
            .Select(argument => $"{Uri.EscapeDataString(argument.Name)}={Uri.EscapeDataString(argument.Value)}"));
    }
}
