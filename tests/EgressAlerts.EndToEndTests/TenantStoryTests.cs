using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Two tenants of one address, behind a vmauth. Debian 12 has no vmauth, so the test runs with the newest servers alone.</summary>
[Trait("Servers", "newest")]
public sealed class TenantStoryTests : IAsyncLifetime
{
    private const int Windows = 20;

    private SimulatorServer _one = null!;
    private SimulatorServer _other = null!;
    private PrometheusServer _first = null!;
    private PrometheusServer _second = null!;
    private VmauthServer _vmauth = null!;
    private EgressAlertsProcess _service = null!;

    public async Task InitializeAsync()
    {
        _one = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 3);
        _other = await SimulatorServer.StartAsync(Scenarios.Churn(TimeSpan.FromMilliseconds(250)), seed: 4, firstPod: 1000);
        _first = await PrometheusServer.StartAsync("1s", ("envoy", _one.Address));
        _second = await PrometheusServer.StartAsync("1s", ("envoy", _other.Address));
        _vmauth = await VmauthServer.StartAsync("egress-alerts", "s3cret", ("red", _first.Address), ("blue", _second.Address));
        _service = new EgressAlertsProcess($$$"""
            prometheus:
              servers:
              - url: '{{{_vmauth.Address}}}'
                basic_auth: {username: egress-alerts, password: s3cret}
                http_headers: {X-Scope-OrgID: {values: [red]}}
              - url: '{{{_vmauth.Address}}}'
                basic_auth: {username: egress-alerts, password: s3cret}
                http_headers: {X-Scope-OrgID: {values: [blue]}}
              interval: 2s
              delay: 1s
              timeout: 5s
            dns: { servers: ['{{{_one.Dns.Endpoint}}}'], timeout: 500ms, queries_per_second: 1000 }
            destinations: {patience: 8s}
            alerting: {alertmanagers: []}
            """);
        await _first.UntilScrapedAsync();
        await _second.UntilScrapedAsync();
        await _service.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _vmauth.DisposeAsync();
        await _second.DisposeAsync();
        await _first.DisposeAsync();
        await _other.DisposeAsync();
        await _one.DisposeAsync();
    }

    [Fact]
    public async Task The_sums_over_two_tenants_are_the_truth_and_the_one_that_is_away_is_named()
    {
        ScrapedMesh[] meshes = [new(_one.World, [_first]), new(_other.World, [_second])];
        var last = DateTimeOffset.MinValue;
        for (var window = 0; window < Windows; window++)
        {
            var books = await Deadline.UntilAsync(
                () => Ledger.OfAsync(_service, last, meshes), 90, $"a window after {last}; the service said:\n{_service.Output}");
            Assert.Equal([], books.Differences);
            last = books.WindowEnd;
        }

        await _second.StopAsync();
        await Deadline.UntilAsync(async () => (await FailureAsync()).Contains("(tenant blue)", StringComparison.Ordinal), 60, "the tenant is missed");
        Assert.DoesNotContain("s3cret", _service.Output, StringComparison.Ordinal);
    }

    private async Task<string> FailureAsync() => (await _service.GetAsync("api/v1/status")).GetProperty("failure").GetString()!;
}
