using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using EgressAlerts.Dns;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Dns;

/// <summary>Reverse names from a real name server.</summary>
public sealed class BindTests : IAsyncLifetime
{
    private static readonly string Many = string.Join('\n', Enumerable.Range(1, 60).Select(i => string.Create(CultureInfo.InvariantCulture, $"7 PTR a-rather-long-host-name-{i:00}.many.example.com.")));

    private readonly Meter _meter = new("test");
    private BindServer _bind = null!;
    private Lookups _lookups = null!;

    public async Task InitializeAsync()
    {
        _bind = await BindServer.StartAsync(
            ("2.0.52.in-addr.arpa", $"""
                1 PTR one.example.com.
                2 PTR stranger.example.org.
                3 PTR b.example.com.
                3 PTR a.example.com.
                3 PTR c.example.com.
                5 CNAME 5.0-63.2.0.52.in-addr.arpa.
                5.0-63 PTR five.example.com.
                6 PTR \"\>\<b\>.example.com.
                8 PTR case.EXAMPLE.com.
                {Many}
                """),
            ("8.b.d.0.1.0.0.2.ip6.arpa", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six.example.com."),
            ("example.org", "other A 52.0.2.2"),
            ("example.com", """
                one A 52.0.2.1
                a A 52.0.2.99
                b A 52.0.2.98
                b A 52.0.2.3
                five A 52.0.2.5
                six AAAA 2001:db8::1
                case A 52.0.2.8
                a-rather-long-host-name-01.many A 52.0.2.7
                """));
        _lookups = new Lookups(new DnsOptions { Servers = [_bind.Endpoint], QueriesPerSecond = 1000 }, new DnsMetrics(_meter), TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await _lookups.DisposeAsync();
        await _bind.DisposeAsync();
        _meter.Dispose();
    }

    [Theory]
    [InlineData("52.0.2.1", ReverseState.Named, "one.example.com", true)]
    [InlineData("52.0.2.2", ReverseState.Named, "stranger.example.org", false)]
    [InlineData("52.0.2.3", ReverseState.Named, "b.example.com", true)]
    [InlineData("52.0.2.4", ReverseState.Unnamed, "", false)]
    [InlineData("52.0.2.5", ReverseState.Named, "five.example.com", true)]
    [InlineData("52.0.2.6", ReverseState.Unnamed, "", false)]
    [InlineData("52.0.2.7", ReverseState.Named, "a-rather-long-host-name-01.many.example.com", true)]
    [InlineData("52.0.2.8", ReverseState.Named, "case.example.com", true)]
    [InlineData("2001:db8::1", ReverseState.Named, "six.example.com", true)]
    [InlineData("2001:db8::2", ReverseState.Unnamed, "", false)]
    public async Task A_real_name_server_is_understood(string address, ReverseState state, string name, bool confirmed) =>
        Assert.Equal(new ReverseAnswer(state, name, confirmed), await AnswerAsync(IPAddress.Parse(address)));

    private Task<ReverseAnswer> AnswerAsync(IPAddress address) => ResolverTests.AnswerAsync(_lookups, address);
}
