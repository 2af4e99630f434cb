using System.Text.Json;
using System.Text.RegularExpressions;

namespace EgressAlerts.Testing;

/// <summary>A link of a dashboard, of a panel, or of its rows and series.</summary>
/// <param name="Column">The column of a table whose cells have it; empty for all series of a graph, and for a link of the panel or the dashboard.</param>
public sealed partial record DashboardLink(string Column, string Title, string Url)
{
    /// <summary>What Grafana fills in. The first group is the name, the second one the format.</summary>
    public IReadOnlyList<(string Name, string Format)> Macros =>
        [.. MacroPattern().Matches(Url).Select(macro => (macro.Groups[1].Value, macro.Groups[2].Value))];

    /// <summary>The address as Grafana fills it in for one row or series.</summary>
    /// <param name="labels">The labels of the row or series. One that is absent is empty.</param>
    /// <param name="columns">The title of the column of each label, for a table.</param>
    /// <param name="service">What <c>egress_alerts_url</c> has.</param>
    public string Filled(IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> columns, Uri service) =>
        MacroPattern().Replace(Url, macro =>
        {
            var (name, format) = (macro.Groups[1].Value, macro.Groups[2].Value);
            string Label(string label) => Uri.EscapeDataString(labels.GetValueOrDefault(label, ""));
            return name switch
            {
                "egress_alerts_url" => service.AbsoluteUri.TrimEnd('/'),
                "__url_time_range" => "from=now-6h&to=now",
                "namespace" => Label("source_workload_namespace"),
                "workload" => Label("source_workload"),
                "destination" => Label("destination"),
                _ when format == "queryparam" => $"var-{name}=All",
                _ when name.StartsWith("__field.labels.", StringComparison.Ordinal) => Label(name["__field.labels.".Length..]),
                _ when name.StartsWith("__data.fields.", StringComparison.Ordinal) =>
                    Label(columns.Single(column => column.Value == name["__data.fields.".Length..]).Key),
                _ => throw new InvalidOperationException($"{Title}: nothing is known of {macro.Value}"),
            };
        });

    [GeneratedRegex(@"\$\{([\w.]+)(?::(\w+))?\}")]
    private static partial Regex MacroPattern();
}

/// <summary>A panel of a dashboard that queries something.</summary>
/// <param name="Links">The links of the panel.</param>
/// <param name="DataLinks">The links of its rows, series or value.</param>
public sealed partial record DashboardPanel(
    string Dashboard,
    string Title,
    string Description,
    string Type,
    string Unit,
    JsonElement Json,
    IReadOnlyList<string> Expressions,
    IReadOnlyList<DashboardLink> Links,
    IReadOnlyList<DashboardLink> DataLinks)
{
    /// <summary>The labels of its result, which the first aggregation of the expression names. Empty where there is none.</summary>
    public IReadOnlyList<string> Labels => LabelsOf(Expressions[0]);

    public JsonElement Defaults => Json.GetProperty("fieldConfig").GetProperty("defaults");

    /// <summary>The titles of a table's columns, by label or by the name of the value.</summary>
    public IReadOnlyDictionary<string, string> Columns => Json.TryGetProperty("transformations", out var steps)
        ? steps.EnumerateArray().Single(step => step.GetProperty("id").GetString() == "organize").GetProperty("options").GetProperty("renameByName")
            .EnumerateObject().ToDictionary(name => name.Name, name => name.Value.GetString()!)
        : new Dictionary<string, string>();

    /// <summary>The labels that an aggregation keeps.</summary>
    public static IReadOnlyList<string> LabelsOf(string expression) =>
        !TotalPattern().IsMatch(expression) && ByPattern().Match(expression) is { Success: true } by
            ? by.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)
            : [];

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex ByPattern();

    [GeneratedRegex(@"^(count|sum|max|min)\(")]
    private static partial Regex TotalPattern();
}

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

    public IEnumerable<JsonElement> Annotations => Json.GetProperty("annotations").GetProperty("list").EnumerateArray();

    /// <summary>The links at the top of the page, but for the menu of dashboards.</summary>
    public IReadOnlyList<DashboardLink> Links => [.. LinksOf(Json).Where(link => link.Url.Length > 0)];

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
            [.. panel.GetProperty("targets").EnumerateArray().Select(target => Text(target, "expr"))],
            LinksOf(panel),
            [.. LinksOf(panel.GetProperty("fieldConfig").GetProperty("defaults")), .. LinksOfColumns(panel)])),
    ];

    /// <summary>An expression with all variables at "All" and intervals that fit a quick test.</summary>
    public static string Filled(string expression) => expression
        .Replace("$__rate_interval", "10s", StringComparison.Ordinal)
        .Replace("$__interval", "5s", StringComparison.Ordinal)
        .Replace("$__range", "5m", StringComparison.Ordinal)
        .Replace("\"$job\"", "\".+\"", StringComparison.Ordinal)
        .Replace("\"$instance\"", "\".+\"", StringComparison.Ordinal)
        .Replace("\"$cluster\"", "\".*\"", StringComparison.Ordinal)
        .Replace("\"$namespace\"", "\".*\"", StringComparison.Ordinal)
        .Replace("\"$workload\"", "\".*\"", StringComparison.Ordinal)
        .Replace("=\"$destination\"", "=~\".+\"", StringComparison.Ordinal);

    private static IReadOnlyList<DashboardLink> LinksOf(JsonElement element) => element.TryGetProperty("links", out var links)
        ? [.. links.EnumerateArray().Select(link => new DashboardLink("", Text(link, "title"), Text(link, "url")))]
        : [];

    private static IEnumerable<DashboardLink> LinksOfColumns(JsonElement panel) =>
        from column in panel.GetProperty("fieldConfig").GetProperty("overrides").EnumerateArray()
        from property in column.GetProperty("properties").EnumerateArray()
        where Text(property, "id") == "links"
        from link in property.GetProperty("value").EnumerateArray()
        select new DashboardLink(Text(column.GetProperty("matcher"), "options"), Text(link, "title"), Text(link, "url"));

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";
}
