using System.Collections.Concurrent;
using System.Text.Json;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.EndToEndTests;

/// <summary>What the mesh's own metrics make of policies, lists, regions and metadata, on real servers; and what a service finds that begins anew.</summary>
public sealed class DetectionStoryTests : IAsyncLifetime
{
    private readonly Scenario _scenario = new(
        "quiet",
        TimeSpan.FromMilliseconds(250),
        world =>
        {
            if (world.Pods.Count == 0) world.Start("shop", "cart");
            world.Pods[0].Http(new Target(Way.Registered, "api.stripe.com", "", 443));
            world.Pods[0].Tcp(new Target(Way.Passthrough, "", "93.184.216.34", 443));
        },
        new DnsZone().Named("93.184.216.34", "www.example.com"));

    private readonly TemporaryFolder _folder = new();
    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private AlertmanagerServer _alertmanager = null!;
    private LoopbackServer _receiver = null!;
    private readonly ConcurrentQueue<string> _notified = new();

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(_scenario);
        _prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", _mesh.Address));
        _receiver = await LoopbackServer.StartAsync();
        _receiver.Answer = async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            var (post, group) = (body.RootElement, body.RootElement.GetProperty("groupLabels"));
            _notified.Enqueue($"{post.GetProperty("status")} {group.GetProperty("alertname")} of {post.GetProperty("alerts").GetArrayLength()}");
        };
        _alertmanager = await AlertmanagerServer.StartAsync($$"""
            route: { receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
            receivers: [{ name: hook, webhook_configs: [{ url: '{{_receiver.Address}}' }] }]
            """);
        await _prometheus.UntilScrapedAsync();
    }

    public async Task DisposeAsync()
    {
        await _alertmanager.DisposeAsync();
        await _receiver.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Policies_lists_regions_and_metadata_fire_within_two_windows_and_what_is_allowed_does_not()
    {
        await using var service = Service($$"""
              learning: 1h
              outside_region: { allowed_regions: [{ namespace: shop, regions: [eu-west-1] }] }
              threat_listed: { lists: [{ name: bad, file: '{{_folder.Write("bad.txt", "141.95.33.0/24 ; a comment\n")}}' }] }
            policies:
              - { name: sport, action: allow, destination: { names: [www.cnn.com], path_prefixes: [/sport] } }
              - name: no-politics
                action: forbid
                severity: critical
                source: { namespaces: [shop], labels: { source_app: cart } }
                destination: { names: [www.cnn.com, "*.cnn.com"], path_prefixes: [/politics] }
              - { name: others, action: forbid, source: { labels: { source_app: other } } }
            """);
        await CountingAsync(service);
        _mesh.World.Do(world =>
        {
            world.Pods[0].Http(new Target(Way.Registered, "www.cnn.com", "", 80, "/sport/today"));
            world.Pods[0].Http(new Target(Way.Registered, "www.cnn.com", "", 80, "//politics/today?secret=1"), sent: 5000);
            world.Pods[0].Tcp(new Target(Way.Passthrough, "", "141.95.33.99", 4444));
            world.Pods[0].Tcp(new Target(Way.Passthrough, "", "169.254.169.254", 80));
            world.Pods[0].Tcp(new Target(Way.Passthrough, "", "34.195.1.1", 443));
        });
        var happened = TimeProvider.System.GetUtcNow();

        var forbidden = await FiringAsync("EgressForbidden", service);
        Assert.Equal(("www.cnn.com", "critical"), (forbidden.Labels["destination"], forbidden.Labels["severity"]));
        Assert.Contains(
            "shop/cart talked to www.cnn.com (port 80; registered in the mesh). "
            + "It is forbidden by policy no-politics (matched: the name www.cnn.com, a path below /politics). "
            + "Seen: 1 request or connection and 4.9 KiB sent out",
            forbidden.Annotations["description"],
            StringComparison.Ordinal);
        var listed = await FiringAsync("EgressThreatListed", service);
        Assert.Contains("It is on threat list bad (entry 141[.]95[.]33[.]0/24)", listed.Annotations["description"], StringComparison.Ordinal);
        var metadata = await FiringAsync("EgressMetadataService", service);
        Assert.Equal("cloud-metadata", metadata.Labels["destination"]);
        var region = await FiringAsync("EgressOutsideRegion", service);
        Assert.Contains("in us-east-1: 1 request or connection", region.Annotations["description"], StringComparison.Ordinal);
        foreach (var alert in (HeldAlert[])[forbidden, listed, metadata, region]) Assert.InRange(alert.StartsAt, happened, happened + TimeSpan.FromSeconds(4));
        Assert.Single(await _alertmanager.AlertsAsync("EgressForbidden"));
        // Paths are for policies alone.
        Assert.DoesNotContain("politics", string.Join('\n', await service.MetricsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_begins_anew_knows_from_Prometheus_whom_workloads_talked_to_and_speaks_at_once_of_what_is_new()
    {
        await using var service = Service("  learning: 5s\n  history: 1m");
        await CountingAsync(service);
        _mesh.World.Do(world => world.Pods[0].Tcp(new Target(Way.Passthrough, "", "141.95.33.99", 443)));
        var alert = await FiringAsync("EgressNewDestination", service);
        Assert.Equal("141.95.33.99", alert.Labels["destination"]);
        Assert.Single(await _alertmanager.AlertsAsync("EgressNewDestination"));
        Assert.Contains("msg=\"history: 2 flows of", service.Output, StringComparison.Ordinal);

        await using var forgetful = Service("  learning: 1h\n  history: 0");
        await CountingAsync(forgetful);
        Assert.DoesNotContain("history:", forgetful.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_replicas_make_one_notification_when_it_fires_and_one_when_it_resolves()
    {
        const string Settings = "  learning: 1h\n  blocked: { quiet: 6s }\n  watchdog: { enabled: false }";
        await using var first = Service(Settings);
        await using var second = Service(Settings);
        await CountingAsync(first);
        await CountingAsync(second);
        _mesh.World.Do(world => world.Pods[0].Tcp(new Target(Way.Blocked, "", "141.95.33.99", 4444)));
        await Deadline.UntilAsync(async () => await SentAsync(first) >= 3, 30, "the first replica has sent it again and again");
        await Deadline.UntilAsync(async () => await SentAsync(second) >= 3, 30, "the second replica has sent it again and again");
        await Deadline.UntilAsync(() => _notified.Any(text => text.StartsWith("resolved", StringComparison.Ordinal)), 40, "it resolves");
        // Resolved alerts are sent again too: whatever a replica adds would have come by now.
        var sent = await SentAsync(second);
        await Deadline.UntilAsync(async () => await SentAsync(second) >= sent + 2, 30, "the resolution is sent again");
        Assert.Equal(["firing EgressBlocked of 1", "resolved EgressBlocked of 1"], _notified);

        static async Task<double> SentAsync(EgressAlertsProcess service) => (await service.MetricsAsync())
            .Where(sample => sample.Name == "egress_alerts_notifications_sent_total")
            .Sum(sample => sample.Value);
    }

    [Fact]
    public async Task A_threat_list_that_vanishes_east_of_Greenwich_is_warned_of_once_and_stays_in_use()
    {
        Assert.Equal(TimeSpan.FromHours(5.5), TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata").BaseUtcOffset);
        var list = _folder.Write("bad.txt", "141.95.33.0/24\nevil.example.org\n");
        await using var service = Service($$"""  threat_listed: { lists: [{ name: bad, file: '{{list}}' }] }""");
        service.Environment["TZ"] = "Asia/Kolkata";
        await CountingAsync(service);
        Assert.Equal(2, await ValueAsync("egress_alerts_threat_list_entries"));

        File.Delete(list);
        var windows = await ValueAsync("egress_alerts_windows_total");
        // Each look at the metrics throws if they are not served.
        await Deadline.UntilAsync(async () => await ValueAsync("egress_alerts_windows_total") >= windows + 3, 30, "passes go on");
        Assert.Equal((0, 2, 0), (
            await ValueAsync("egress_alerts_pass_crashes_total"),
            await ValueAsync("egress_alerts_threat_list_entries"),
            await ValueAsync("egress_alerts_threat_list_last_modified_timestamp_seconds")));
        var warning = Assert.Single(service.Output.Split('\n'), line => line.Contains("bad.txt is gone", StringComparison.Ordinal));
        Assert.Contains("level=warn", warning, StringComparison.Ordinal);

        _mesh.World.Do(world => world.Pods[0].Tcp(new Target(Way.Passthrough, "", "141.95.33.99", 4444)));
        await FiringAsync("EgressThreatListed", service);
        _folder.Write("bad.txt", "141.95.33.0/24\n");
        await Deadline.UntilAsync(async () => await ValueAsync("egress_alerts_threat_list_entries") == 1, 30, $"it is read when it is back:\n{service.Output}");

        Task<double> ValueAsync(string name) => service.ValueAsync(name);
    }

    private EgressAlertsProcess Service(string detection) => new($$"""
        prometheus: { url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
        dns: { servers: ['{{_mesh.Dns.Endpoint}}'], cache: { min_ttl: 1s } }
        destinations: { networks: [{ name: far, cidrs: [34.195.0.0/16], region: us-east-1 }] }
        alerting:
          alertmanagers: [{ file_sd_configs: [{ files: ['{{_folder.Write("targets.yml", $"- targets: ['{_alertmanager.Address.Authority}']\n")}}'] }] }]
          resend_interval: 3s
        detection:
        {{detection}}
        """);

    private static async Task CountingAsync(EgressAlertsProcess service)
    {
        await service.StartAsync();
        await Deadline.UntilAsync(
            async () => (await service.MetricsAsync()).Any(IsCounted), 30, $"the mesh is being counted:\n{service.Output}");

        static bool IsCounted(PromSample sample) =>
            sample.Name == "egress_requests_total" && sample["destination"] == "api.stripe.com" && sample.Value > 0;
    }

    private async Task<HeldAlert> FiringAsync(string name, EgressAlertsProcess service) =>
        await Deadline.UntilAsync(() => _alertmanager.AlertAsync(name), 150, $"{name} fires:\n{service.Output}");
}
