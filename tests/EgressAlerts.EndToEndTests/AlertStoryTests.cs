using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>From an attempt in the mesh to an alert in a real Alertmanager, and to its resolution.</summary>
public sealed class AlertStoryTests : IAsyncLifetime
{
    /// <summary>A name comes within a second. On a busy machine DNS is late, and then traffic waits for <c>destinations.patience</c>.</summary>
    private const double Named = 150;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);
    private static readonly Target Refused = new(Way.Blocked, "", "141.95.33.99", 4444);

    private readonly Scenario _scenario = new(
        "quiet",
        TimeSpan.FromMilliseconds(250),
        world =>
        {
            if (world.Pods.Count == 0) world.Start("shop", "cart");
            world.Pods[0].Http(new Target(Way.Registered, "api.stripe.com", "", 443));
        },
        new DnsZone()
            .Named("141.95.33.99", "vps-99.hoster.example.net")
            .Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com")
            .Named("93.184.216.34", "www.bank.com"));

    private SimulatorServer _mesh = null!;
    private PrometheusServer _prometheus = null!;
    private AlertmanagerServer _first = null!;
    private AlertmanagerServer _second = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(_scenario);
        _prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", _mesh.Address));
        _first = await AlertmanagerServer.StartAsync();
        _second = await AlertmanagerServer.StartAsync();
        _service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{_prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], cache: { min_ttl: 1s } }
            detection:
              blocked: { quiet: 12s }
              learning: 4s
              new_destination: { hold: 12s }
            alerting:
              alertmanagers: [{ url: '{{_first.Address}}' }, { url: '{{_second.Address}}' }]
              resend_interval: 1s
              external_labels: { cluster: test }
              external_url: http://egress-alerts.example.com:10098/
            """);
        await _prometheus.UntilScrapedAsync();
        await _service.StartAsync();
        await Deadline.UntilAsync(async () => await ExportedAsync("egress_requests_total", "api.stripe.com") is not null, 30, "the mesh is being counted");
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _prometheus.DisposeAsync();
        await _mesh.DisposeAsync();
    }

    [Fact]
    public async Task An_attempt_that_is_blocked_exactly_once_is_exported_and_fires_within_two_windows_and_resolves_when_it_stays_quiet()
    {
        _mesh.World.Do(world => world.Pods[0].Tcp(Refused));
        var happened = TimeProvider.System.GetUtcNow();

        var counter = await Deadline.UntilAsync(
            () => ExportedAsync("egress_connections_closed_total", "vps-99.hoster.example.net"), Named, $"the attempt is exported:\n{_service.Output}");
        var alert = await Deadline.UntilAsync(() => _first.AlertAsync("EgressBlocked"), Named, "the alert is in the first Alertmanager");
        await Deadline.UntilAsync(() => _second.AlertAsync("EgressBlocked"), Named, "the alert is in the second Alertmanager");

        Assert.Equal(1, counter.Value);
        Assert.Equal(
            ("cart", "blocked", "tcp", "4444", "UH"),
            (counter["source_workload"], counter["route"], counter["protocol"], counter["destination_port"], counter["response_flags"]));
        var startsAt = alert.StartsAt;
        // Its window ends at most two windows after it: one for the scrape to come, one for the window to end.
        Assert.InRange(startsAt, happened, happened + (Window * 2));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["alertname"] = "EgressBlocked",
                ["cluster"] = "test",
                ["destination"] = "vps-99.hoster.example.net",
                ["severity"] = "warning",
                ["source_cluster"] = "Kubernetes",
                ["source_workload"] = "cart",
                ["source_workload_namespace"] = "shop",
            },
            alert.Labels);
        Assert.Contains(
            "Istio refused 1 attempt of shop/cart to reach vps-99.hoster.example.net (141.95.33.99, port 4444; name from reverse DNS, which",
            alert.Annotations["description"],
            StringComparison.Ordinal);
        Assert.Equal("http://egress-alerts.example.com:10098/runbooks/EgressBlocked", alert.Annotations["runbook_url"]);
        Assert.Equal($"http://egress-alerts.example.com:10098/alerts/{alert.Fingerprint}", alert.GeneratorUrl);
        Assert.Equal(startsAt, (await _service.GetAsync($"api/v1/alerts/{alert.Fingerprint}"))[0].GetProperty("starts_at").GetDateTimeOffset());
        var evidence = await _service.GetAsync("api/v1/alerts?alertname=EgressBlocked");
        Assert.Equal("firing", evidence[0].GetProperty("state").GetString());

        var firstEnd = alert.EndsAt;
        await Deadline.UntilAsync(
            async () => await _first.AlertAsync("EgressBlocked") is { } again && again.EndsAt > firstEnd, 20, "the alert is sent again");
        await Deadline.UntilAsync(async () => await _first.AlertAsync("EgressBlocked") is null, 40, "the alert resolves in the first Alertmanager");
        await Deadline.UntilAsync(async () => await _second.AlertAsync("EgressBlocked") is null, 40, "the alert resolves in the second Alertmanager");
        Assert.Equal("resolved", (await _service.GetAsync("api/v1/alerts?alertname=EgressBlocked"))[0].GetProperty("state").GetString());
        var whenItFired = $"start={startsAt.ToUnixTimeSeconds() - 1}&end={Uri.EscapeDataString($"{startsAt:O}")}";
        var past = (await _service.GetAsync($"api/v1/alerts?state=resolved&{whenItFired}"))[0];
        Assert.Equal(alert.Fingerprint, past.GetProperty("fingerprint").GetString());
        Assert.InRange(past.GetProperty("ends_at").GetDateTimeOffset(), startsAt, TimeProvider.System.GetUtcNow());
        await AssertRefusedAsync("api/v1/alerts?start=yesterday", 400, "start is not an instant: write it as 2026-01-31T12:00:00Z");
        await AssertRefusedAsync("api/v1/alerts/0123456789abcdef", 404, "There is no alert with this fingerprint");
    }

    [Fact]
    public async Task A_destination_never_talked_to_before_fires_once_and_keeps_its_start_over_a_crash()
    {
        await Deadline.UntilAsync(
            async () => await _service.ValueAsync("egress_alerts_windows_total") >= 5, 30, "the workload has been watched for longer than it takes to learn");
        _mesh.World.Do(world => world.Pods[0].Tcp(new Target(Way.Passthrough, "", "52.22.188.80", 443), sent: 5_000_000));

        var alert = await Deadline.UntilAsync(() => _first.AlertAsync("EgressNewDestination"), Named, $"the alert is there:\n{_service.Output}");
        Assert.Equal("*.compute-1.amazonaws.com", alert.Labels["destination"]);
        Assert.Equal("info", alert.Labels["severity"]);
        Assert.Contains("So far 4.8 MiB were sent there", alert.Annotations["description"], StringComparison.Ordinal);

        await _service.KillAsync();
        await _service.StartAsync();
        var again = await Deadline.UntilAsync(
            async () => await _first.AlertAsync("EgressNewDestination") is { } found && found.UpdatedAt > alert.UpdatedAt ? found : null,
            Named,
            "the alert is sent again after the crash");
        Assert.Equal(alert.StartsAt, again.StartsAt);
        Assert.Single(await _first.AlertsAsync("EgressNewDestination"));
    }

    [Fact]
    public async Task A_forged_name_fires_and_the_address_names_the_destination_while_a_true_one_is_confirmed()
    {
        _mesh.World.Do(world =>
        {
            world.Pods[0].Http(new Target(Way.Passthrough, "www.bank.com", "141.95.33.99", 80), sent: 7_000);
            world.Pods[0].Http(new Target(Way.Passthrough, "www.bank.com", "93.184.216.34", 80));
        });

        var alert = await Deadline.UntilAsync(() => _first.AlertAsync("EgressNameMismatch"), Named, $"the alert is there:\n{_service.Output}");
        Assert.Equal("vps-99.hoster.example.net", alert.Labels["destination"]);
        Assert.False(alert.Annotations.ContainsKey("confirmed") || alert.Annotations.ContainsKey("name_source"));
        Assert.Contains(
            "shop/cart talked to vps-99.hoster.example.net (141.95.33.99, port 80; name from reverse DNS, which resolves back) "
            + "under the Host header www[.]bank[.]com, which resolves to 93.184.216.34 (www.bank.com)",
            alert.Annotations["description"],
            StringComparison.Ordinal);
        await Deadline.UntilAsync(
            () => ExportedAsync("egress_upload_bytes_total", "vps-99.hoster.example.net"), Named, "the traffic is counted under the name of its address");
        var info = (await _service.MetricsAsync()).Single(sample => sample.Name == "egress_destination_info" && sample["destination"] == "www.bank.com");
        Assert.Equal(("host", "true", "bank.com"), (info["name_source"], info["confirmed"], info["domain"]));
    }

    [Fact]
    public async Task A_firing_alert_goes_on_firing_while_Prometheus_is_down()
    {
        _mesh.World.Do(world => world.Pods[0].Tcp(Refused));
        var alert = await Deadline.UntilAsync(() => _first.AlertAsync("EgressBlocked"), Named, "the alert is there");
        await _prometheus.StopAsync();

        // Far beyond the time for which the first message was good.
        var firstEnd = alert.EndsAt;
        await Deadline.UntilAsync(
            async () => TimeProvider.System.GetUtcNow() > firstEnd + Window && await _first.AlertAsync("EgressBlocked") is not null,
            40,
            "the alert outlives its first message");
        Assert.Contains("no complete answer from Prometheus", _service.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_replicas_with_the_same_configuration_send_the_same_alert()
    {
        await using var replica = new EgressAlertsProcess(_service.Config);
        await replica.StartAsync();
        await Deadline.UntilAsync(
            async () => (await replica.MetricsAsync()).Any(sample => sample.Name == "egress_requests_total"), 30, $"the replica counts:\n{replica.Output}");
        _mesh.World.Do(world => world.Pods[0].Tcp(Refused));

        var first = await Deadline.UntilAsync(() => FiringAsync(_service), Named, "the first one found it");
        Assert.Equal(first, await Deadline.UntilAsync(() => FiringAsync(replica), Named, "the replica found it"));
        await Deadline.UntilAsync(() => _first.AlertAsync("EgressBlocked"), Named, "the alert is in Alertmanager");
        Assert.Equal(first, $"{Assert.Single(await _first.AlertsAsync("EgressBlocked")).StartsAt:O}");

        static async Task<string?> FiringAsync(EgressAlertsProcess service) =>
            await service.GetAsync("api/v1/alerts?alertname=EgressBlocked") is var alerts && alerts.GetArrayLength() == 1
                ? $"{alerts[0].GetProperty("starts_at").GetDateTimeOffset():O}"
                : null;
    }

    [Fact]
    public async Task SIGTERM_drains_and_ends_with_0_and_a_reload_refuses_a_bad_configuration_with_its_line()
    {
        var good = _service.Config;
        _service.Config = good.Replace("quiet: 12s", "quite: 12s", StringComparison.Ordinal);
        _service.WriteConfig();
        using (var refused = await _service.PostAsync("-/reload"))
        {
            Assert.Equal(500, (int)refused.StatusCode);
            Assert.Contains(
                "egress-alerts.yml:4: detection.blocked.quite is not a known key; known here: enabled, quiet, severity",
                await refused.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        }

        _service.Config = good.Replace("quiet: 12s", "quiet: 5s", StringComparison.Ordinal);
        _service.WriteConfig();
        using (var taken = await _service.PostAsync("-/reload")) Assert.Equal(200, (int)taken.StatusCode);
        Assert.NotNull(await ExportedAsync("egress_requests_total", "api.stripe.com"));

        _service.Process.HangUp();
        await Deadline.UntilAsync(() => _service.Output.Split("msg=\"reloaded").Length == 3, 30, "SIGHUP reloads");
        Assert.Equal(0, await _service.StopAsync());
        Assert.Contains("stopped", _service.Output, StringComparison.Ordinal);
    }

    private async Task AssertRefusedAsync(string path, int status, string sentence)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(_service.Address, path));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.StartsWith(sentence, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private async Task<PromSample?> ExportedAsync(string name, string destination) =>
        (await _service.MetricsAsync()).FirstOrDefault(sample => sample.Name == name && sample["destination"] == destination && sample.Value > 0);
}
