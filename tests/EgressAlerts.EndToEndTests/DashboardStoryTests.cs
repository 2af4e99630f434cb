using System.Net;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Dashboards on what a real Prometheus has of the demo's story.</summary>
public sealed class DashboardStoryTests
{
    private static readonly Dictionary<string, string> NoColumns = [];

    [Theory]
    [InlineData(Engine.Prometheus)]
    [InlineData(Engine.VictoriaMetrics)]
    public async Task Every_panel_has_data_or_says_why_not_and_every_link_leads_to_a_page(Engine engine)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        var visited = new HashSet<string>();
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var alertmanager = await AlertmanagerServer.StartAsync();
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'], timeout: 500ms }
            destinations: { patience: 2s }
            cardinality: { max_series: 150 }
            alerting: { alertmanagers: [{ url: '{{alertmanager.Address}}' }], resend_interval: 1s }
            """);
        await service.StartAsync();
        await using var reader = await PrometheusServer.StartAsync(engine, "1s", ("egress-alerts", service.Address));

        // What the variables of a dashboard are set to in links that stand above the rows.
        const string Named = "egress_upload_bytes_total{destination!=\"__other__\"}";
        await HasDataAsync("a destination", Named);
        var somebody = (await reader.QueryAsync(Named))[0].Labels;

        foreach (var dashboard in Dashboard.All)
        {
            foreach (var annotation in dashboard.Annotations.Select(annotation => annotation.GetProperty("expr").GetString()!))
            {
                await HasDataAsync($"the annotation of {dashboard.Name}", annotation);
            }

            foreach (var link in dashboard.Links) await LeadsToPageAsync(dashboard.Name, link, link.Filled(somebody, NoColumns, service.Address));
            foreach (var panel in dashboard.Panels)
            {
                var name = $"{panel.Dashboard}, {panel.Title}";
                foreach (var expression in panel.Expressions)
                {
                    if (!SaysWhyNot(panel, expression)) await HasDataAsync(name, expression);
                }

                var rows = await reader.QueryAsync(Dashboard.Filled(panel.Expressions[0]));
                if (panel.Type == "table") Assert.All(rows, row => Assert.Empty(row.Labels.Keys.Except(panel.Labels)));
                foreach (var link in panel.Links) await LeadsToPageAsync(name, link, link.Filled(somebody, NoColumns, service.Address));
                foreach (var (labels, _) in rows.OrderByDescending(IsOverflow).Take(3))
                {
                    foreach (var link in panel.DataLinks)
                    {
                        await LeadsToPageAsync(name, link, link.Filled(panel.Type == "stat" ? somebody : labels, panel.Columns, service.Address));
                    }
                }
            }
        }

        // The links that matter most have been followed.
        foreach (var page in (string[])["/alerts?alertname=EgressBlocked&cluster=", "/workloads/ns-", "/destinations/__other__", "/readiness?namespace=ns-"])
        {
            Assert.True(visited.Any(address => address.Contains(page, StringComparison.Ordinal)), $"{page} is not among {string.Join('\n', visited)}");
        }

        Task HasDataAsync(string name, string expression)
        {
            var query = Dashboard.Filled(expression);
            return Deadline.UntilAsync(async () => (await reader.QueryAsync(query)).Count > 0, 60, $"{name} has data: {query}\n{service.Output}");
        }

        async Task LeadsToPageAsync(string name, DashboardLink link, string address)
        {
            if (address.StartsWith("/d/", StringComparison.Ordinal) || !visited.Add(address)) return;
            using var answer = await http.GetAsync(new Uri(address));
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{name}, {link.Title}: {address} is {answer.StatusCode}");
        }

        static bool IsOverflow((IReadOnlyDictionary<string, string> Labels, IReadOnlyList<(double, double)> Samples) row) =>
            row.Labels.GetValueOrDefault("destination") == "__other__";

        static bool SaysWhyNot(DashboardPanel panel, string expression) =>
            (panel.Description.Contains("Empty while", StringComparison.Ordinal) && panel.Title != "Alerts firing")
            || (panel.Description.Contains("first week", StringComparison.Ordinal) && expression.Contains("offset 1w", StringComparison.Ordinal));
    }
}
