using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Polling;

/// <summary>A server with several tenants is a server for each.</summary>
public sealed class TenantTests
{
    private static readonly Window Next = new(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddMinutes(1));

    [Fact]
    public void Servers_at_one_address_are_told_apart_by_their_tenants()
    {
        var options = new PollingOptions { Servers = [Server("one"), Server("two"), Server(null)] };
        Assert.Equal(
            ["http://mimir/prometheus (tenant one)", "http://mimir/prometheus (tenant two)", "http://mimir/prometheus"],
            options.EachServer().Select(server => server.Name));
    }

    [Fact]
    public void A_tenant_that_is_secret_is_not_shown()
    {
        var settings = new HttpSettings { Headers = new Dictionary<string, HttpHeader> { ["X-Scope-OrgID"] = new() { Secrets = ["hidden"] } } };
        Assert.Equal("", settings.Tenant);
    }

    /// <summary>Counters of another tenant may be old. None of them may count from zero.</summary>
    [Fact]
    public void Another_tenant_is_another_source()
    {
        using var store = Store.InMemory();
        var state = store.Read();
        Rules("one").WasRead();
        state.Commit();

        state = store.Read();
        Assert.False(Rules("one").IsNewSource);
        Assert.True(Rules("two").IsNewSource);
        Assert.True(Rules("two").IsBirthBaseline("envoy", Next));

        BaselineRules Rules(string tenant) => new(new JobRegister(state), new PollingOptions { Servers = [Server(tenant)] }, new TelemetryOptions(), state);
    }

    private static PrometheusServerOptions Server(string? tenant) => new()
    {
        Url = new Uri("http://mimir/prometheus"),
        Http = new HttpSettings
        {
            Headers = tenant is null
                ? new Dictionary<string, HttpHeader>()
                : new Dictionary<string, HttpHeader> { ["x-scope-orgid"] = new() { Values = [tenant] } },
        },
    };
}
