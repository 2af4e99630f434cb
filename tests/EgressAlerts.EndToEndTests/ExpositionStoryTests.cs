using System.Text.RegularExpressions;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.EndToEndTests;

/// <summary>What is exposed, judged by Prometheus' own tools and held to the documentation.</summary>
public sealed partial class ExpositionStoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(
        "gateway",
        "registered app.example-2.com istio-system/istio-egressgateway",
        "gateway istio-egressgateway.istio-system.svc.cluster.local default/sleep")]
    [InlineData("ambient", "unidentified unknown server/debugbox")]
    public async Task Other_meshes_are_told_by_their_routes(string scenario, params string[] expected)
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Named(scenario));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var service = Service(mesh, prometheus);
        await service.StartAsync();
        var found = await Deadline.UntilAsync(
            async () => (await service.MetricsAsync())
                .Where(sample => sample.Name == "egress_upload_bytes_total" && sample.Value > 0)
                .Select(sample => $"{sample["route"]} {sample["destination"]} {sample["source_workload_namespace"]}/{sample["source_workload"]}")
                .Order(StringComparer.Ordinal)
                .ToList() is { Count: > 0 } some && some.Count == expected.Length ? some : null,
            60,
            $"{scenario} is counted:\n{service.Output}");
        Assert.Equal(expected.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task Promtool_finds_nothing_to_say_a_real_Prometheus_reads_back_equal_values_and_the_reference_lists_every_metric()
    {
        await using var mesh = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var cluster = await FakeCluster.StartAsync();
        await using var service = Service(mesh, prometheus);
        var kubeconfig = _folder.Write("kubeconfig", cluster.Kubeconfig);
        service.Config += $"\ntelemetry: {{ kubernetes: {{ watch: true, kubeconfig: '{kubeconfig}' }} }}\n"; // Else some metrics have no series.
        await service.StartAsync();
        await Deadline.UntilAsync(async () => (await service.MetricsAsync()).Any(sample => sample.Name == "egress_requests_total"), 60, "the mesh is counted");

        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(service.Address, "metrics"));
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var text = await response.Content.ReadAsStringAsync();
        await Tool.OutputAsync("promtool", ["check", "metrics"], input: text);

        using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri(service.Address, "metrics"));
        asked.Headers.Add("Accept", "application/openmetrics-text;version=1.0.0");
        using var openMetrics = await http.SendAsync(asked);
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", openMetrics.Content.Headers.ContentType?.ToString());
        var modern = await openMetrics.Content.ReadAsStringAsync();
        Assert.EndsWith("# EOF\n", modern, StringComparison.Ordinal);
        // The same families, but for the suffix of counters.
        Assert.Equal(
            TypePattern().Matches(text).Select(match => match.Value.EndsWith(" counter", StringComparison.Ordinal)
                ? match.Value.Replace("_total", "", StringComparison.Ordinal)
                : match.Value),
            TypePattern().Matches(modern).Select(match => match.Value));

        // As they are exposed, so Prometheus stores them: OpenMetrics with gzip, which it asks for, and, behind a proxy that does not pass its wishes on, text.
        await using var proxy = await LoopbackServer.StartAsync();
        proxy.Answer = async context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            await context.Response.WriteAsync(await http.GetStringAsync(new Uri(service.Address, "metrics")));
        };
        await using var reader = await PrometheusServer.StartAsync("1s", ("egress-alerts", service.Address), ("as-text", proxy.Address));
        await prometheus.StopAsync(); // Nothing moves any more.
        await Deadline.UntilAsync(
            async () =>
            {
                var exposed = (await service.MetricsAsync())
                    .Where(sample => sample.Name.StartsWith("egress_", StringComparison.Ordinal)
                        && !sample.Name.StartsWith("egress_alerts_", StringComparison.Ordinal))
                    .ToDictionary(Identity, sample => sample.Value);
                var jobs = (await reader.QueryAsync("{__name__=~\"egress_.+\",__name__!~\"egress_alerts_.+\"}")).ToLookup(series => series.Labels["job"]);
                return exposed.Count > 50 && ((string[])["egress-alerts", "as-text"]).All(
                    job => jobs[job].ToDictionary(series => Identity(series.Labels), series => series.Samples[0].Value) is var stored
                        && exposed.Count == stored.Count && exposed.All(series => stored.TryGetValue(series.Key, out var value) && value == series.Value));
            },
            30,
            "Prometheus holds what is exposed");

        // The reference says of every metric which labels it has and what it is, in the words of its help text.
        var readme = RowPattern().Matches(await File.ReadAllTextAsync(Repository.File("deploy", "reference", "metrics.md")))
            .Select(row => $"{row.Groups[1].Value} [{row.Groups[2].Value.Trim()}] {row.Groups[3].Value}");
        var labels = PromSample.Parse(text).ToLookup(sample => HistogramPattern().Replace(sample.Name, ""), sample => sample.Labels.Keys);
        IEnumerable<string> LabelsOf(string name) =>
            labels[name].SelectMany(names => names).Distinct().Except(FlowLabels(name)).Select(label => $"`{label}`");
        var exposed = HelpPattern().Matches(text).Select(help => (Name: help.Groups[1].Value, Text: help.Groups[2].Value))
            .Select(family => $"{family.Name} [{string.Join(", ", LabelsOf(family.Name))}] {family.Text}");
        Assert.Equal(exposed.Order(StringComparer.Ordinal), readme.Order(StringComparer.Ordinal));
    }

    /// <summary>Those that the reference says once for all of them, and the bound of a histogram's bucket.</summary>
    private static string[] FlowLabels(string name) => name.StartsWith("egress_alerts_", StringComparison.Ordinal) || name == "egress_destination_info"
        ? ["le"]
        : ["source_cluster", "source_workload_namespace", "source_workload", "destination", "destination_port", "route", "protocol"];

    private EgressAlertsProcess Service(SimulatorServer mesh, PrometheusServer prometheus) => new($$"""
        prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
        dns: { servers: ['{{mesh.Dns.Endpoint}}'], timeout: 500ms }
        detection: { threat_listed: { lists: [{ name: bad, file: '{{_folder.Write("bad.txt", "192.0.2.0/24")}}' }] } }
        alerting: { alertmanagers: [{ url: 'http://127.0.0.1:9' }] }
        """);

    private static string Identity(PromSample sample) => Identity(new Dictionary<string, string>(sample.Labels) { ["__name__"] = sample.Name });

    private static string Identity(IReadOnlyDictionary<string, string> labels) => string.Join(
        ',',
        labels.Where(label => label.Value.Length > 0 && label.Key is not ("job" or "instance"))
            .OrderBy(label => label.Key, StringComparer.Ordinal)
            .Select(label => $"{label.Key}={label.Value}"));

    [GeneratedRegex(@"(?m)^# TYPE (\S+) \w+")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"(?m)^# HELP (\S+) (.+)")]
    private static partial Regex HelpPattern();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPattern();

    /// <summary>A row of the reference's tables of metrics: name, labels, meaning.</summary>
    [GeneratedRegex(@"(?m)^\| `((?:egress|process|dotnet)_[a-z_]+)` \|([^|]*)\| ([^|]*) \|")]
    private static partial Regex RowPattern();
}
