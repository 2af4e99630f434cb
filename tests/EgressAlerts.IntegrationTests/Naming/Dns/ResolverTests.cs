using System.Globalization;
using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.MeshSimulator;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Naming.Dns;

/// <summary>The resolver against name servers that misbehave.</summary>
public sealed class ResolverTests : IAsyncLifetime
{
    private static readonly IPAddress Address = IPAddress.Parse("52.0.2.1");

    private readonly MetricRegistry _self = new();
    private readonly DnsMetrics _metrics;
    private readonly DnsZone _zone = new() { SlowBy = TimeSpan.FromMilliseconds(100) };
    private readonly DnsResponder _server;
    private Lookups? _lookups;

    public ResolverTests()
    {
        _metrics = new DnsMetrics(_self);
        _server = new DnsResponder(_zone);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_lookups is not null) await _lookups.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData(DnsBehaviour.Slow, DnsTransport.Tcp)]
    [InlineData(DnsBehaviour.Slow, DnsTransport.Udp)]
    [InlineData(DnsBehaviour.Truncated, DnsTransport.Udp)]
    [InlineData(DnsBehaviour.Delegated, DnsTransport.Tcp)]
    [InlineData(DnsBehaviour.Delegated, DnsTransport.Udp)]
    public async Task A_roundabout_answer_is_an_answer(DnsBehaviour behaviour, DnsTransport transport)
    {
        _zone.Reverse("52.0.2.1", behaviour, "a.example.com").Forward("52.0.2.1", "a.example.com");
        _lookups = new Lookups(Options(_server.Endpoint) with { Transport = transport }, Store.InMemory().Read(), _metrics, TimeProvider.System);
        Assert.Equal(new ReverseAnswer(AnswerState.Present, "a.example.com", true), await AnswerAsync(_lookups, Address));
    }

    [Fact]
    public async Task Hostile_names_are_no_names()
    {
        _zone.Reverse("52.0.2.1", DnsBehaviour.Hostile);
        Assert.Equal(AnswerState.Absent, (await AnswerAsync(Ask(_server.Endpoint), Address)).State);
        Assert.True(_self.Sum("egress_alerts_dns_refused_names_total") >= 3);
    }

    [Theory]
    [InlineData(DnsBehaviour.Servfail, "servfail")]
    [InlineData(DnsBehaviour.Refused, "refused")]
    [InlineData(DnsBehaviour.Silent, "timeout")]
    [InlineData(DnsBehaviour.Rubbish, "malformed")]
    public async Task A_server_that_fails_is_counted_and_the_next_one_is_asked(DnsBehaviour behaviour, string reason)
    {
        _zone.Reverse("52.0.2.1", behaviour, "x.example.com").Forward("52.0.2.1", "a.example.com");
        await using var good = new DnsResponder(new DnsZone().Named("52.0.2.1", "a.example.com"));
        // The servers take turns: whichever is asked first, the good one answers in the end.
        Assert.Equal(new ReverseAnswer(AnswerState.Present, "a.example.com", true), await AnswerAsync(Ask(_server.Endpoint, good.Endpoint), Address));

        await using var alone = new Lookups(Options(_server.Endpoint), Store.InMemory().Read(), _metrics, TimeProvider.System);
        alone.Find(Address);
        await Deadline.UntilAsync(() => _self.Sum("egress_alerts_dns_lookups_total", "failed") == 1, 10, "the look-up has failed");
        Assert.Equal(AnswerState.Pending, alone.Find(Address).State);
        Assert.True(_self.Sum("egress_alerts_dns_query_failures_total", reason) >= 2);
    }

    [Fact]
    public async Task A_server_that_is_not_there_fails_at_once()
    {
        var nobody = new IPEndPoint(IPAddress.Loopback, FreePort.Next());
        Ask(nobody).Find(Address);
        await Deadline.UntilAsync(() => _self.Sum("egress_alerts_dns_query_failures_total", "unreachable") == 2, 10, "both attempts were refused");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_told_once_and_so_is_its_return()
    {
        var (time, log, nobody) = (new HandTime(), new ListLogger<Lookups>(), new IPEndPoint(IPAddress.Loopback, FreePort.Next()));
        await using var lookups = new Lookups(Options(nobody), Store.InMemory().Read(), _metrics, time, log);
        for (var i = 1; i <= 9; i++) lookups.Find(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52.0.2.{i}")));
        await Deadline.UntilAsync(() => _self.Sum("egress_alerts_dns_lookups_total", "failed") == 9, 10, "all look-ups have failed");
        Assert.Equal([$"Warning: name server {nobody} does not answer (connection refused): destinations keep their addresses until it is back"], log.Entries);
        Assert.Equal([new NameServerStatus($"{nobody}", time.GetUtcNow(), "connection refused")], lookups.Servers.Status);

        await using var back = new DnsResponder(_zone.Named("52.0.2.1", "a.example.com"), nobody.Port);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("a.example.com", (await AnswerAsync(lookups, Address)).Name);
        Assert.Equal($"Information: name server {nobody} answers again", log.Entries.Last());
        Assert.Equal(2, log.Entries.Count);
        Assert.Equal([new NameServerStatus($"{nobody}", null, "")], lookups.Servers.Status);
    }

    [Fact]
    public async Task A_bug_in_a_look_up_is_told_once_and_counted_and_look_ups_go_on()
    {
        var (time, log) = (new ClockWithABug { IsBroken = true }, new ListLogger<Lookups>());
        _zone.Named("52.0.2.1", "a.example.com");
        await using var lookups = new Lookups(Options(_server.Endpoint), Store.InMemory().Read(), _metrics, time, log);
        for (var i = 1; i <= 9; i++) lookups.Find(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52.0.2.{i}")));
        await Deadline.UntilAsync(() => _self.Sum("egress_alerts_dns_lookups_total", "failed") == 9, 10, "all look-ups have failed");
        Assert.Equal(9, _self.Sum("egress_alerts_dns_query_failures_total", "internal"));
        Assert.StartsWith("Error: a DNS look-up failed unexpectedly", Assert.Single(log.Entries), StringComparison.Ordinal);

        time.IsBroken = false;
        time.Later(TimeSpan.FromMinutes(2));
        Assert.Equal("a.example.com", (await AnswerAsync(lookups, Address)).Name);
        Assert.Equal("Information: no DNS look-up has failed unexpectedly for a minute", log.Entries.Last());
    }

    [Fact]
    public async Task Many_askers_of_one_address_cost_one_question()
    {
        _zone.Spoofed("52.0.2.1", "a.example.com");
        var lookups = Ask(_server.Endpoint);
        await Parallel.ForAsync(0, 1000, (_, _) =>
        {
            lookups.Find(Address);
            return ValueTask.CompletedTask;
        });
        await AnswerAsync(lookups, Address);
        Assert.Equal(2, _server.Questions); // PTR and A.
    }

    [Fact]
    public async Task No_more_questions_are_asked_than_the_rate_allows()
    {
        const int Rate = 50;
        var started = TimeProvider.System.GetTimestamp(); // Before the limiter exists, since it begins to add up what may be asked when it is made.
        // With the short time limit of the other tests, a busy machine would make the server rest, for longer each time.
        var options = Options(_server.Endpoint) with { QueriesPerSecond = Rate, Timeout = TimeSpan.FromSeconds(10) };
        _lookups = new Lookups(options, Store.InMemory().Read(), _metrics, TimeProvider.System);
        for (var i = 0; i < 1000; i++) _lookups.Find(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52.1.{i / 250}.{i % 250}")));

        await Deadline.UntilAsync(() => _server.Questions >= 3 * Rate, 120, "three seconds' worth of questions");
        var allowed = (2 * Rate) + (Rate * TimeProvider.System.GetElapsedTime(started).TotalSeconds);
        Assert.InRange(_server.Questions, 0, allowed + 1);
    }

    [Fact]
    public async Task Through_an_outage_of_ten_minutes_every_name_stays()
    {
        var time = new HandTime();
        var server = new DnsResponder(new DnsZone { Ttl = 60 }.Named("52.0.2.1", "a.example.com").Spoofed("52.0.2.2", "b.example.com"));
        _lookups = new Lookups(Options(server.Endpoint), Store.InMemory().Read(), _metrics, time);
        IPAddress[] addresses = [.. ((string[])["52.0.2.1", "52.0.2.2", "52.0.2.3"]).Select(IPAddress.Parse)];
        var before = new List<ReverseAnswer>();
        foreach (var address in addresses) before.Add(await AnswerAsync(_lookups, address));
        Assert.Equal([AnswerState.Present, AnswerState.Present, AnswerState.Absent], before.Select(answer => answer.State));

        await server.DisposeAsync();
        var failed = 0.0;
        for (var passed = TimeSpan.Zero; passed <= TimeSpan.FromMinutes(10); passed += TimeSpan.FromSeconds(30))
        {
            time.Advance(TimeSpan.FromSeconds(30));
            Assert.Equal(before, addresses.Select(address => _lookups.Find(address)));
            await _lookups.SettleAsync(addresses.Select(Question.NameOf), TimeSpan.FromSeconds(10), CancellationToken.None);
            failed = _self.Sum("egress_alerts_dns_lookups_total", "failed");
        }

        Assert.True(failed > 20); // They were asked for again and again.
    }

    [Fact]
    public async Task Those_that_carry_most_are_asked_for_first()
    {
        var slow = Options(_server.Endpoint) with { QueriesPerSecond = 1, MaxInFlight = 1, Confirm = false };
        _lookups = new Lookups(slow, Store.InMemory().Read(), _metrics, TimeProvider.System);
        var addresses = Enumerable.Range(1, 9).Select(i => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52.0.2.{i}"))).ToList();
        // Two questions go at once; what is asked after them has waited and is the heaviest.
        foreach (var address in addresses) _lookups.Find(address, weight: address.Equals(addresses[7]) ? 1000 : 1);
        await Deadline.UntilAsync(() => _lookups.Find(addresses[7]).State == AnswerState.Absent, 20, "the heaviest has been asked for");
        Assert.True(addresses.Count(address => _lookups.Find(address).State == AnswerState.Absent) <= 4);
    }

    /// <summary>No server makes the code throw what it does not expect; a clock can.</summary>
    private sealed class ClockWithABug : TimeProvider
    {
        private TimeSpan _later;

        public bool IsBroken { get; set; }

        public void Later(TimeSpan by) => _later += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _later;

        public override long GetTimestamp() => IsBroken ? throw new InvalidOperationException("a bug") : base.GetTimestamp();
    }

    /// <summary>The answer, once there is one.</summary>
    internal static async Task<ReverseAnswer> AnswerAsync(Lookups lookups, IPAddress address)
    {
        await Deadline.UntilAsync(() => lookups.Find(address).State != AnswerState.Pending, 10, $"a name for {address}");
        return lookups.Find(address);
    }

    private Lookups Ask(params IPEndPoint[] servers) => _lookups = new Lookups(Options(servers), Store.InMemory().Read(), _metrics, TimeProvider.System);

    private static DnsOptions Options(params IPEndPoint[] servers) =>
        new() { Servers = servers, Timeout = TimeSpan.FromMilliseconds(300), QueriesPerSecond = 10_000 };
}
