using System.Text.Json;

namespace EgressAlerts.Testing;

/// <summary>A panel of a dashboard that queries something.</summary>
public sealed record DashboardPanel(
    string Dashboard, string Title, string Description, string Type, string Unit, JsonElement Json, IReadOnlyList<string> Expressions);

/// <summary>A Grafana dashboard as it is shipped.</summary>
public sealed record Dashboard(string File, JsonElement Json)
{
    public static IReadOnlyList<Dashboard> All { get; } =
    [
        .. Directory.GetFiles(Repository.File("grafana", "dashboards"), "*.json")
            .Order(StringComparer.Ordinal)
            .Select(file => new Dashboard(file, JsonDocument.Parse(System.IO.File.ReadAllText(file)).RootElement)),
    ];

    public string Name => Path.GetFileNameWithoutExtension(File);

    public IEnumerable<JsonElement> Variables => Json.GetProperty("templating").GetProperty("list").EnumerateArray();

    /// <summary>All but rows.</summary>
    public IReadOnlyList<DashboardPanel> Panels =>
    [
        .. Json.GetProperty("panels").EnumerateArray().Where(panel => Text(panel, "type") != "row").Select(panel => new DashboardPanel(
            Name,
            Text(panel, "title"),
            Text(panel, "description"),
            Text(panel, "type"),
            Text(panel.GetProperty("fieldConfig").GetProperty("defaults"), "unit"),
            panel,
            [.. panel.GetProperty("targets").EnumerateArray().Select(target => Text(target, "expr"))])),
    ];

    /// <summary>An expression with all variables at "All" and intervals that fit a quick test.</summary>
    public static string Filled(string expression) => expression
        .Replace("$__rate_interval", "10s", StringComparison.Ordinal)
        .Replace("$__range", "5m", StringComparison.Ordinal)
        .Replace("\"$job\"", "\".+\"", StringComparison.Ordinal)
        .Replace("\"$instance\"", "\".+\"", StringComparison.Ordinal)
        .Replace("\"$cluster\"", "\".*\"", StringComparison.Ordinal)
        .Replace("\"$namespace\"", "\".*\"", StringComparison.Ordinal)
        .Replace("\"$workload\"", "\".*\"", StringComparison.Ordinal);

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";
}
