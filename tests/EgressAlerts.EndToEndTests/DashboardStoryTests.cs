using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Dashboards on what a real Prometheus has of the demo's story.</summary>
public sealed class DashboardStoryTests
{
    [Fact]
    public async Task Every_panel_has_data_or_says_why_not()
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var alertmanager = await AlertmanagerServer.StartAsync();
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{mesh.Dns.Endpoint}}'], timeout: 500ms }
            destinations: { patience: 2s }
            alerting: { alertmanagers: [{ url: '{{alertmanager.Address}}' }], resend_interval: 1s }
            """);
        await service.StartAsync();
        await using var reader = await PrometheusServer.StartAsync("1s", ("egress-alerts", service.Address));

        var panels = Dashboard.All.SelectMany(dashboard => dashboard.Panels).ToList();
        foreach (var (panel, expression) in panels.SelectMany(panel => panel.Expressions.Select(expression => (panel, expression))))
        {
            if (SaysWhyNot(panel, expression)) continue;
            var query = Dashboard.Filled(expression);
            await Deadline.UntilAsync(
                async () => (await reader.QueryAsync(query)).Count > 0, 60, $"{panel.Dashboard}, {panel.Title} has data: {query}\n{service.Output}");
        }

        static bool SaysWhyNot(DashboardPanel panel, string expression) =>
            panel.Description.Contains("Empty while", StringComparison.Ordinal)
            || (panel.Description.Contains("first week", StringComparison.Ordinal) && expression.Contains("offset 1w", StringComparison.Ordinal));
    }
}
