using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>The rules of Grafana's dashboard-linter, and what else an import needs.</summary>
public sealed partial class DashboardTests : IDisposable
{
    private const string Placeholder = "https://egress-alerts.example.com";
    private const string PageBegin = "${egress_alerts_url}/";

    private static readonly string[] Units =
        ["bytes", "Bps", "short", "percentunit", "reqps", "cps", "ops", "s", "dateTimeAsIso", "string", "none"];

    /// <summary>The links that a row or series needs which names such a thing. A workload has links of its own, so its namespace needs none.</summary>
    private static readonly (string Label, string[] Begins)[] Wanted =
    [
        ("source_workload", ["/d/egress-workload?", PageBegin + "workloads/"]),
        ("source_workload_namespace", ["/d/egress-overview?", PageBegin + "readiness?namespace="]),
        ("destination", ["/d/egress-destination?", PageBegin + "destinations/"]),
        ("alertname", [PageBegin + "alerts?alertname=", PageBegin + "runbooks/"]),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void There_are_the_five_that_the_README_names()
    {
        string[] names = ["egress-alerts-service", "egress-destination", "egress-overview", "egress-readiness", "egress-workload"];
        Assert.Equal(names, Dashboard.All.Select(dashboard => dashboard.Name));
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
            Assert.True(json.GetProperty("editable").GetBoolean());
            Assert.Equal(39, json.GetProperty("schemaVersion").GetInt32());
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
            foreach (var variable in dashboard.Variables.Skip(1).SkipLast(1))
            {
                var name = Text(variable, "name");
                Assert.Equal(("query", "${datasource}"), (Text(variable, "type"), Text(variable.GetProperty("datasource"), "uid")));
                Assert.Equal(2, variable.GetProperty("refresh").GetInt32());
                Assert.Matches(@"^label_values\(.+, \w+\)$", Text(variable, "definition"));
                Assert.Equal(Text(variable, "definition"), Text(variable.GetProperty("query"), "query"));

                // A workload may have nothing but blocked requests, so no single metric has them all.
                if (name is not ("job" or "instance"))
                {
                    Assert.Contains("{__name__=~\"egress_.+_total\",", Text(variable, "definition"), StringComparison.Ordinal);
                }

                // Who looks at one workload or destination does not want the sum of all.
                var isOne = (dashboard.Name, name) is ("egress-workload", "namespace" or "workload") or ("egress-destination", "destination");
                Assert.Equal(isOne, !variable.GetProperty("includeAll").GetBoolean());
                Assert.Equal(name != "destination", variable.GetProperty("multi").GetBoolean());
                if (!isOne) Assert.Equal(name is "job" or "instance" ? ".+" : ".*", Text(variable, "allValue"));
            }
        }
    }

    [Fact]
    public void The_address_of_the_service_stands_in_one_place_of_each()
    {
        foreach (var dashboard in Dashboard.All)
        {
            var address = dashboard.Variables.Last();
            Assert.Equal(("egress_alerts_url", "constant", Placeholder), (Text(address, "name"), Text(address, "type"), Text(address, "query")));
            Assert.Equal(2, address.GetProperty("hide").GetInt32());
            Assert.True(address.GetProperty("skipUrlSync").GetBoolean());
            Assert.Equal(2, File.ReadAllText(dashboard.File).Split(Placeholder).Length);
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
            }
        }
    }

    [Fact]
    public void Each_panel_has_colours_of_its_own()
    {
        foreach (var panel in Dashboard.All.SelectMany(dashboard => dashboard.Panels))
        {
            var name = $"{panel.Dashboard}: {panel.Title}";
            Assert.True(panel.Defaults.TryGetProperty("thresholds", out var thresholds), $"{name} has Grafana's own: red from 80");
            Assert.Equal("absolute", Text(thresholds, "mode"));
            Assert.Equal(panel.Type == "timeseries" ? "palette-classic" : "thresholds", Text(panel.Defaults.GetProperty("color"), "mode"));
            var steps = thresholds.GetProperty("steps").EnumerateArray().ToList();
            Assert.Equal(JsonValueKind.Null, steps[0].GetProperty("value").ValueKind);
            var values = steps.Skip(1).Select(step => step.GetProperty("value").GetDouble()).ToList();
            Assert.Equal(values.Order(), values);
            if (steps.Count == 1) Assert.Equal("text", Text(steps[0], "color"));
        }
    }

    [Theory]
    [InlineData("egress-alerts-service", "Processing delay", "green, orange 120, red 300")]
    [InlineData("egress-alerts-service", "Windows skipped in a day", "green, red 1")]
    [InlineData("egress-alerts-service", "Istio series", "red, text 1")]
    [InlineData("egress-alerts-service", "Series limit used", "green, orange 0.9, red 1")]
    [InlineData("egress-overview", "Uploaded", "text")]
    [InlineData("egress-overview", "Blocked in the last hour", "text, red 1")]
    [InlineData("egress-overview", "Alerts firing", "green, red 1")]
    [InlineData("egress-readiness", "Registered", "red, orange 0.8, green 0.95")]
    public void A_number_is_coloured_where_it_matters(string dashboard, string title, string expected)
    {
        var panel = Dashboard.All.Single(one => one.Name == dashboard).Panels.Single(one => one.Title == title && one.Type == "stat");
        var steps = panel.Defaults.GetProperty("thresholds").GetProperty("steps").EnumerateArray()
            .Select(step => $"{Text(step, "color")} {step.GetProperty("value")}".Trim());
        Assert.Equal(expected, string.Join(", ", steps));
    }

    [Fact]
    public void A_table_names_the_columns_that_its_queries_have()
    {
        foreach (var panel in Dashboard.All.SelectMany(dashboard => dashboard.Panels).Where(panel => panel.Type == "table"))
        {
            var name = $"{panel.Dashboard}: {panel.Title}";
            Assert.All(panel.Expressions, expression => Assert.Equal(panel.Labels, DashboardPanel.LabelsOf(expression)));
            var isMerged = Text(panel.Json.GetProperty("transformations")[0], "id") == "merge";
            Assert.Equal(panel.Expressions.Count > 1, isMerged);
            var values = panel.Json.GetProperty("targets").EnumerateArray()
                .Select(target => isMerged ? $"Value #{Text(target, "refId")}" : "Value").ToList();
            var organize = panel.Json.GetProperty("transformations").EnumerateArray().Last().GetProperty("options");
            var left = organize.GetProperty("excludeByName").EnumerateObject().Select(field => field.Name).ToList();
            Assert.Contains("Time", left);
            Assert.Equal(panel.Labels.Concat(values).Except(left).Order(), panel.Columns.Keys.Order());
            Assert.Equal(panel.Columns.Keys.Order(), organize.GetProperty("indexByName").EnumerateObject().Select(field => field.Name).Order());
            Assert.Contains(Text(panel.Json.GetProperty("options").GetProperty("sortBy")[0], "displayName"), panel.Columns.Values);

            // A unit for all fields would make "443 B" of a port.
            Assert.Equal("string", panel.Unit);
            var overrides = panel.Json.GetProperty("fieldConfig").GetProperty("overrides").EnumerateArray().ToList();
            Assert.All(overrides, column => Assert.Contains(Text(column.GetProperty("matcher"), "options"), panel.Columns.Values));
            foreach (var value in values.Except(left))
            {
                var column = overrides.Single(one => Text(one.GetProperty("matcher"), "options") == panel.Columns[value]);
                var unit = column.GetProperty("properties").EnumerateArray().Single(property => Text(property, "id") == "unit");
                Assert.True(Units.Contains(Text(unit, "value")), name);
            }

            // Grafana puts this text into links too, in place of an empty label.
            Assert.False(panel.Defaults.TryGetProperty("noValue", out _), name);
        }
    }

    [Fact]
    public void Each_row_and_series_leads_to_what_it_names()
    {
        foreach (var panel in Dashboard.All.SelectMany(dashboard => dashboard.Panels).Where(panel => panel.Type is "table" or "timeseries"))
        {
            foreach (var (label, begins) in Wanted.Where(wanted => panel.Labels.Contains(wanted.Label)))
            {
                if (label == "source_workload_namespace" && panel.Labels.Contains("source_workload")) continue;
                var column = panel.Type == "table" ? panel.Columns[label] : "";
                var urls = panel.DataLinks.Where(link => link.Column == column).Select(link => link.Url).ToList();
                Assert.All(begins, begin => Assert.True(
                    urls.Exists(url => url.StartsWith(begin, StringComparison.Ordinal)), $"{panel.Dashboard}: {panel.Title}: {label} leads to no {begin}"));
            }
        }
    }

    [Fact]
    public void Links_lead_to_dashboards_and_variables_that_exist_or_to_the_service()
    {
        foreach (var dashboard in Dashboard.All)
        {
            var variables = dashboard.Variables.Select(variable => Text(variable, "name")).ToHashSet();
            Assert.All(dashboard.Links, link => Check($"{dashboard.Name}: {link.Title}", link, variables.Contains));
            foreach (var panel in dashboard.Panels)
            {
                var name = $"{dashboard.Name}: {panel.Title}";
                Assert.All(panel.Links, link => Check($"{name}: {link.Title}", link, variables.Contains));
                Assert.All(panel.DataLinks, link => Check($"{name}: {link.Title}", link, macro =>
                    variables.Contains(macro)
                    || (panel.Type == "table"
                        ? panel.Labels.Any(label => macro == "__data.fields." + panel.Columns.GetValueOrDefault(label, ""))
                        : panel.Labels.Any(label => macro == "__field.labels." + label))));
            }
        }

        static void Check(string name, DashboardLink link, Func<string, bool> isKnown)
        {
            Assert.True(link.Title.Length > 0, name);
            Assert.All(link.Macros, macro => Assert.True(macro.Name == "__url_time_range" || isKnown(macro.Name), $"{name} has {macro.Name}"));

            // Names may have any characters.
            var values = link.Macros.Where(macro => macro.Name.StartsWith("__data.", StringComparison.Ordinal)
                || macro.Name.StartsWith("__field.", StringComparison.Ordinal) || macro.Name == "destination");
            Assert.All(values, macro => Assert.Equal("percentencode", macro.Format));
            if (link.Url.StartsWith(PageBegin, StringComparison.Ordinal))
            {
                if (RunbookPattern().Match(link.Url) is { Success: true } runbook)
                {
                    Assert.True(File.Exists(Repository.File("alerts", "runbooks", runbook.Groups[1].Value + ".md")), name);
                }

                return;
            }

            var target = DashboardPattern().Match(link.Url);
            Assert.True(target.Success, $"{name}: {link.Url}");
            var there = Dashboard.All.Single(other => other.Name == target.Groups[1].Value).Variables.Select(variable => Text(variable, "name")).ToList();
            Assert.Equal("__url_time_range", link.Macros[^1].Name);
            foreach (var argument in target.Groups[2].Value.Split('&').SkipLast(1))
            {
                var variable = argument.StartsWith("var-", StringComparison.Ordinal)
                    ? argument["var-".Length..argument.IndexOf('=', StringComparison.Ordinal)]
                    : argument[2..argument.IndexOf(":queryparam", StringComparison.Ordinal)];
                Assert.True(there.Contains(variable), $"{name}: {target.Groups[1].Value} has no variable {variable}");
            }

            Assert.All((string[])["datasource", "job", "instance"], kept => Assert.Contains(link.Macros, macro => macro == (kept, "queryparam")));
        }
    }

    [Fact]
    public void Graphs_about_traffic_show_when_alerts_fired()
    {
        foreach (var dashboard in Dashboard.All)
        {
            var isAboutTraffic = dashboard.Variables.Any(variable => Text(variable, "name") == "cluster");
            Assert.Equal(isAboutTraffic ? 1 : 0, dashboard.Annotations.Count());
            if (!isAboutTraffic) continue;
            var annotation = dashboard.Annotations.Single();
            Assert.Equal("${datasource}", Text(annotation.GetProperty("datasource"), "uid"));

            // Old and new versions of Grafana read it in different places.
            Assert.Equal(Text(annotation, "expr"), Text(annotation.GetProperty("target"), "expr"));
            Assert.StartsWith("group by (", Text(annotation, "expr"), StringComparison.Ordinal);
            Assert.Contains("egress_alerts_firing{", Text(annotation, "expr"), StringComparison.Ordinal);
            Assert.Equal(("{{alertname}}", "severity"), (Text(annotation, "titleFormat"), Text(annotation, "tagKeys")));
            Assert.Contains("{{source_workload}}", Text(annotation, "textFormat"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Each_expression_parses_and_keeps_to_the_linters_rules()
    {
        var rules = new StringBuilder("groups:\n- name: dashboards\n  rules:\n");
        void Add(string expression)
        {
            var quoted = Dashboard.Filled(expression).Replace("'", "''", StringComparison.Ordinal);
            rules.Append(CultureInfo.InvariantCulture, $"  - {{record: 'a:b:c', labels: {{n: '{rules.Length}'}}, expr: '{quoted}'}}\n");
        }

        foreach (var annotation in Dashboard.All.SelectMany(dashboard => dashboard.Annotations)) Add(Text(annotation, "expr"));
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

            Add(expression);
        }

        await Tool.OutputAsync("promtool", ["check", "rules", _folder.Write("rules.yml", rules.ToString())]);
    }

    [Fact]
    public void Two_replicas_are_not_added_up()
    {
        foreach (var panel in Dashboard.All.SelectMany(dashboard => dashboard.Panels))
        {
            var name = $"{panel.Dashboard}: {panel.Title}";
            foreach (var expression in panel.Expressions)
            {
                Assert.All(TrafficPattern().Matches(expression), call => Assert.True(
                    expression[..call.Index].EndsWith("max without (instance) (", StringComparison.Ordinal), $"{name}: {expression}"));
            }
        }
    }

    [Fact]
    public async Task New_this_week_is_neither_what_the_overflow_may_have_had_nor_all_of_the_first_week()
    {
        var panel = Dashboard.All.Single(dashboard => dashboard.Name == "egress-overview").Panels.Single(panel => panel.Title == "New this week");
        var file = _folder.Write("new.yml", $$"""
            evaluation_interval: 1h
            tests:
              - interval: 1h
                input_series:
                  - {series: 'egress_alerts_build_info{job="e", instance="a"}', values: '1x400'}
                  - {series: 'egress_alerts_counted_total{job="e", instance="a", metric="requests"}', values: '_x300 0+1x100'}
                  - {{Series("egress_upload_bytes_total", "shop", "cart", "old.example.com", "0+9x400")}}
                  - {{Series("egress_upload_bytes_total", "shop", "cart", "new.example.com", "_x300 0+9x100")}}
                  - {{Series("egress_requests_total", "shop", "cart", "refused.example.com", "_x300 0+1x100")}}
                  - {{Series("egress_connections_opened_total", "shop", "late", "open.example.com", "_x300 0+1x100")}}
                  - {{Series("egress_upload_bytes_total", "batch", "report", "__other__", "0+9x400")}}
                  - {{Series("egress_upload_bytes_total", "batch", "report", "promoted.example.com", "_x300 0+9x100")}}
                  - {{Series("egress_upload_bytes_total", "shop", "cart", "__other__", "_x300 0+9x100")}}
                promql_expr_test:
                  - eval_time: 360h
                    expr: '{{Dashboard.Filled(panel.Expressions[0])}}'
                    exp_samples:
                      - {labels: '{{Labels("shop", "cart", "new.example.com")}}', value: 0}
                      - {labels: '{{Labels("shop", "cart", "refused.example.com")}}', value: 0}
                      - {labels: '{{Labels("shop", "late", "open.example.com")}}', value: 0}
                  - eval_time: 100h
                    expr: '{{Dashboard.Filled(panel.Expressions[0])}}'
            """);
        await Tool.OutputAsync("promtool", ["test", "rules", file]);

        static string Series(string metric, string ns, string workload, string destination, string values) =>
            $"{{series: '{metric}{Labels(ns, workload, destination)[..^1]}, job=\"e\", instance=\"a\"}}', values: '{values}'}}";

        static string Labels(string ns, string workload, string destination) =>
            $"{{source_workload_namespace=\"{ns}\", source_workload=\"{workload}\", destination=\"{destination}\"}}";
    }

    private static bool SaysItsRange(DashboardPanel panel) =>
        panel.Description.Contains("in the chosen time", StringComparison.Ordinal)
        || panel.Title.Contains("hour", StringComparison.Ordinal)
        || panel.Title.Contains("day", StringComparison.Ordinal);

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";

    /// <summary>A selector's braces.</summary>
    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex SelectorPattern();

    [GeneratedRegex(@"^/d/([\w-]+)\?(.+)$")]
    private static partial Regex DashboardPattern();

    /// <summary>A runbook by its name, not that of a row.</summary>
    [GeneratedRegex(@"/runbooks/(\w+)$")]
    private static partial Regex RunbookPattern();

    /// <summary>A growth of a counter about traffic, which each replica has.</summary>
    [GeneratedRegex(@"\b(rate|increase)\((egress_(?!alerts_)|\{)")]
    private static partial Regex TrafficPattern();

    [GeneratedRegex(@"\b(rate|irate|increase)\([^\[]*\[([^\]]+)\]")]
    private static partial Regex CallPattern();
}
