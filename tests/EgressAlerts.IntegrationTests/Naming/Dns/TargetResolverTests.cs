using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>Servers that a name leads to, from a real name server.</summary>
public sealed class TargetResolverTests : IAsyncLifetime
{
    private readonly MetricRegistry _self = new();
    private BindServer _bind = null!;
    private NameServers _servers = null!;
    private TargetResolver _resolver = null!;

    public async Task InitializeAsync()
    {
        _bind = await BindServer.StartAsync(("example.com", """
            _web._tcp.am SRV 0 50 9093 am-1.example.com.
            _web._tcp.am SRV 0 50 9094 am-0.example.com.
            _odd._tcp.am SRV 0 0 9093 .
            _odd._tcp.am SRV 0 0 9093 \"\>\<b\>.example.com.
            _odd._tcp.am SRV 0 0 9093 good.example.com.
            _via._tcp.am CNAME _web._tcp.am
            am A 127.0.0.2
            am A 127.0.0.1
            am AAAA ::1
            """));
        var options = new DnsOptions { Servers = [_bind.Endpoint], Timeout = TimeSpan.FromSeconds(1) };
        _servers = new NameServers(options, new DnsMetrics(_self), TimeProvider.System, NullLogger.Instance);
        _resolver = new TargetResolver(_servers);
    }

    public async Task DisposeAsync()
    {
        _servers.Dispose();
        await _bind.DisposeAsync();
    }

    [Theory]
    [InlineData("_web._tcp.am.example.com", TargetKind.Srv, "am-0.example.com:9094 am-1.example.com:9093")]
    [InlineData("_web._tcp.am.example.com.", TargetKind.Srv, "am-0.example.com:9094 am-1.example.com:9093")]
    [InlineData("_via._tcp.am.example.com", TargetKind.Srv, "am-0.example.com:9094 am-1.example.com:9093")]
    [InlineData("_odd._tcp.am.example.com", TargetKind.Srv, "good.example.com:9093")]
    [InlineData("_none._tcp.am.example.com", TargetKind.Srv, "")]
    [InlineData("am.example.com", TargetKind.A, "127.0.0.1:9093 127.0.0.2:9093")]
    [InlineData("am.example.com", TargetKind.Aaaa, "[::1]:9093")]
    public async Task Records_name_host_and_port(string name, TargetKind kind, string expected) =>
        Assert.Equal(expected, string.Join(' ', await _resolver.FindAsync(name, kind, 9093, CancellationToken.None) ?? ["failed"]));

    [Fact]
    public async Task Where_nobody_answers_that_is_not_the_same_as_no_servers()
    {
        var options = new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, FreePort.Next())], Timeout = TimeSpan.FromMilliseconds(200) };
        using var lost = new NameServers(options, new DnsMetrics(_self), TimeProvider.System, NullLogger.Instance);
        Assert.Null(await new TargetResolver(lost).FindAsync("am.example.com", TargetKind.A, 9093, CancellationToken.None));
    }
}
