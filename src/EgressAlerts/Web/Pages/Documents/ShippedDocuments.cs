using System.Reflection;

namespace EgressAlerts.Web;

/// <summary>The runbooks, the documents that they lead to, and the Telemetry resources of deploy/istio. They are carried in the program, so what an alert or a
/// warning points at always opens.</summary>
internal static class ShippedDocuments
{
    private const string Prefix = "documents/";
    private const string RunbookFolder = "alerts/runbooks/";
    private const string Extension = ".md";
    private static readonly Assembly Assembly = typeof(ShippedDocuments).Assembly;

    /// <summary>The paths of all documents in the repository.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..])
            .Order(StringComparer.Ordinal),
    ];

    public static IReadOnlyList<string> RunbookNames { get; } =
        [.. Paths.Where(path => path.StartsWith(RunbookFolder, StringComparison.Ordinal)).Select(path => path[RunbookFolder.Length..^Extension.Length])];

    public static string TelemetryResource => Read("istio/telemetry.yaml");

    public static string WaypointResource => Read("istio/telemetry-waypoint.yaml");

    /// <summary>The path of a runbook in the repository.</summary>
    public static string RunbookPath(string name) => RunbookFolder + name + Extension;

    /// <summary>The text of a document; null where there is none with this path.</summary>
    public static string? Find(string path) => Paths.Contains(path) ? Read(Prefix + path) : null;

    /// <summary>The page that shows a document, below the overview; null where there is none.</summary>
    public static string? Page(string path) => !Paths.Contains(path) ? null
        : path.StartsWith(RunbookFolder, StringComparison.Ordinal) ? Links.Runbook(path[RunbookFolder.Length..^Extension.Length])
        : $"docs/{path[..^Extension.Length]}";

    private static string Read(string name)
    {
        using var text = new StreamReader(Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
