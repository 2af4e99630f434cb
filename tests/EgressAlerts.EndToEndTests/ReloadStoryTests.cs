using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>What a reload may and may not change.</summary>
public sealed class ReloadStoryTests
{
    private const string Successful = "egress_alerts_config_last_reload_successful";

    [Fact]
    public async Task A_reload_that_fails_is_answered_whatever_goes_wrong_and_a_good_one_mends_it()
    {
        await using var service = new EgressAlertsProcess("prometheus: {url: 'http://127.0.0.1:9'}");
        await service.StartAsync();
        var good = service.Config;

        // No file can have such a name, and the runtime refuses it with an exception that nobody expects.
        service.Config = """destinations: {network_files: ["a\0b"]}""";
        service.WriteConfig();
        using (var failed = await service.PostAsync("-/reload"))
        {
            Assert.Equal(500, (int)failed.StatusCode);
            Assert.StartsWith("Not reloaded, the old configuration stays in use:\n", await failed.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(0, await ValueAsync(service, Successful));
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => service.PostAsync("-/reload")));
        Assert.All(answers, answer => Assert.Equal(500, (int)answer.StatusCode));

        service.Config = good;
        service.WriteConfig();
        service.Process.HangUp();
        await Deadline.UntilAsync(async () => await ValueAsync(service, Successful) == 1, 30, $"SIGHUP reloads:\n{service.Output}");
        Assert.Equal(0, await service.StopAsync());
    }

    [Fact]
    public async Task A_reload_neither_begins_the_access_log_anew_nor_loses_sight_of_the_Alertmanagers()
    {
        const string Line = "msg=\"egress access\" namespace=shop workload=cart destination=api.stripe.com ";
        await using var mesh = await SimulatorServer.StartAsync(new Scenario(
            "steady traffic",
            TimeSpan.FromMilliseconds(250),
            world =>
            {
                if (world.Pods.Count == 0) world.Start("shop", "cart");
                world.Pods[0].Http(new Target(Way.Registered, "api.stripe.com", "", 443));
            },
            new DnsZone()));
        await using var prometheus = await PrometheusServer.StartAsync("1s", ("envoy-stats", mesh.Address));
        await using var service = new EgressAlertsProcess($$"""
            prometheus: { url: '{{prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            alerting: { alertmanagers: [{ url: 'http://127.0.0.1:9' }] }
            """);
        await service.StartAsync();
        await service.Process.UntilWrittenAsync(Line);
        using (var reloaded = await service.PostAsync("-/reload")) Assert.Equal(200, (int)reloaded.StatusCode);

        var requests = await RequestsAsync(service);
        await Deadline.UntilAsync(async () => await RequestsAsync(service) > requests, 30, $"traffic is counted after the reload:\n{service.Output}");
        Assert.Equal(2, service.Output.Split(Line).Length);
        Assert.Equal(1, await ValueAsync(service, "egress_alerts_notifications_alertmanagers"));
    }

    private static Task<double?> RequestsAsync(EgressAlertsProcess service) => ValueAsync(service, "egress_requests_total");

    private static async Task<double?> ValueAsync(EgressAlertsProcess service, string name) =>
        (await service.MetricsAsync()).FirstOrDefault(sample => sample.Name == name)?.Value;
}
