using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The rules of Grafana's dashboard-linter, and what else an import needs.</summary>
public sealed partial class DashboardTests : IDisposable
{
    private static readonly string[] Units = ["bytes", "Bps", "short", "percentunit", "reqps", "cps", "ops", "s", "none"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void There_are_the_four_that_the_README_names()
    {
        Assert.Equal(["egress-alerts-service", "egress-overview", "egress-readiness", "egress-workload"], Dashboard.All.Select(dashboard => dashboard.Name));
        var readme = File.ReadAllText(Repository.File("grafana", "README.md"));
        Assert.All(Dashboard.All, dashboard => Assert.Contains($"[`{dashboard.Name}`](dashboards/{dashboard.Name}.json)", readme, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_can_be_imported_anywhere_and_is_found_again()
    {
        foreach (var dashboard in Dashboard.All)
        {
            var json = dashboard.Json;
            Assert.Equal(dashboard.Name, json.GetProperty("uid").GetString());
            Assert.Equal(JsonValueKind.Null, json.GetProperty("id").ValueKind);
            Assert.False(json.GetProperty("editable").GetBoolean());
            Assert.Equal("utc", json.GetProperty("timezone").GetString());
            Assert.Equal(["egress-alerts"], json.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()));
            Assert.StartsWith("Egress / ", json.GetProperty("title").GetString(), StringComparison.Ordinal);
            Assert.False(json.TryGetProperty("__inputs", out _));
            Assert.Equal("dashboards", json.GetProperty("links")[0].GetProperty("type").GetString());
            var source = dashboard.Variables.First();
            Assert.Equal(
                ("datasource", "datasource", "Data source", "prometheus"),
                (Text(source, "name"), Text(source, "type"), Text(source, "label"), Text(source, "query")));
            Assert.Equal(["datasource", "job", "instance"], dashboard.Variables.Take(3).Select(variable => Text(variable, "name")));
            foreach (var variable in dashboard.Variables.Skip(1))
            {
                Assert.Equal(("query", "${datasource}"), (Text(variable, "type"), Text(variable.GetProperty("datasource"), "uid")));
                Assert.True(variable.GetProperty("multi").GetBoolean() && variable.GetProperty("includeAll").GetBoolean());
                Assert.Equal(2, variable.GetProperty("refresh").GetInt32());
                Assert.Equal(Text(variable, "name") is "job" or "instance" ? ".+" : ".*", Text(variable, "allValue"));
                Assert.Matches(@"^label_values\(.+, \w+\)$", Text(variable, "definition"));
            }
        }
    }

    [Fact]
    public void Each_panel_says_what_it_shows_in_which_unit_and_where_to_read_on()
    {
        foreach (var dashboard in Dashboard.All)
        {
            var ids = dashboard.Json.GetProperty("panels").EnumerateArray().Select(panel => panel.GetProperty("id").GetInt32()).ToList();
            Assert.Equal(ids.Count, ids.Distinct().Count());
            var taken = new HashSet<(int, int)>();
            foreach (var panel in dashboard.Panels)
            {
                var name = $"{panel.Dashboard}: {panel.Title}";
                Assert.True(panel.Title.Length > 0 && panel.Description.EndsWith('.') && Units.Contains(panel.Unit) && panel.Expressions.Count > 0, name);
                Assert.Equal("${datasource}", Text(panel.Json.GetProperty("datasource"), "uid"));
                var references = panel.Json.GetProperty("targets").EnumerateArray().Select(target => Text(target, "refId")).ToList();
                Assert.Equal(references.Count, references.Distinct().Count());
                var place = panel.Json.GetProperty("gridPos");
                int Number(string key) => place.GetProperty(key).GetInt32();
                var (x, y, width, height) = (Number("x"), Number("y"), Number("w"), Number("h"));
                Assert.InRange(x + width, 1, 24);
                for (var i = 0; i < width * height; i++) Assert.True(taken.Add((x + (i % width), y + (i / width))), $"{name} lies on another one");
                if (!panel.Json.TryGetProperty("links", out var links)) continue;
                var runbooks = links.EnumerateArray().Select(link => Text(link, "url").Split('/')[^1] + ".md");
                Assert.All(runbooks, runbook => Assert.True(File.Exists(Repository.File("alerts", "runbooks", runbook)), name));
            }
        }
    }

    [Fact]
    public async Task Each_expression_parses_and_keeps_to_the_linters_rules()
    {
        var rules = new StringBuilder("groups:\n- name: dashboards\n  rules:\n");
        var panels = Dashboard.All.SelectMany(dashboard => dashboard.Panels);
        foreach (var (panel, expression) in panels.SelectMany(panel => panel.Expressions.Select(expression => (panel, expression))))
        {
            var name = $"{panel.Dashboard}: {panel.Title}: {expression}";
            const string OfTheService = "job=~\"$job\",instance=~\"$instance\"";
            Assert.All(SelectorPattern().Matches(expression), selector => Assert.True(selector.Value.Contains(OfTheService, StringComparison.Ordinal), name));
            foreach (Match call in CallPattern().Matches(expression))
            {
                var isRange = call.Groups[1].Value == "increase" && SaysItsRange(panel);
                Assert.True(call.Groups[2].Value == "$__rate_interval" || isRange || panel.Type == "stat", name);
            }

            var quoted = Dashboard.Filled(expression).Replace("'", "''", StringComparison.Ordinal);
            rules.Append(CultureInfo.InvariantCulture, $"  - {{record: 'a:b:c', labels: {{n: '{rules.Length}'}}, expr: '{quoted}'}}\n");
        }

        await Tool.OutputAsync("promtool", ["check", "rules", _folder.Write("rules.yml", rules.ToString())]);
    }

    private static bool SaysItsRange(DashboardPanel panel) =>
        panel.Description.Contains("in the chosen time", StringComparison.Ordinal)
        || panel.Title.Contains("hour", StringComparison.Ordinal)
        || panel.Title.Contains("day", StringComparison.Ordinal);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    /// <summary>A selector's braces.</summary>
    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex SelectorPattern();

    [GeneratedRegex(@"\b(rate|irate|increase)\([^\[]*\[([^\]]+)\]")]
    private static partial Regex CallPattern();
}
