using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>Reverse look-ups against a real BIND, in turns with dnsperf against the same server.</summary>
internal static partial class DnsSpeed
{
    private const int Rounds = 3;

    public static async Task RunAsync(int count)
    {
        var numbers = Enumerable.Range(0, count).Select(i => (First: i >> 16, Second: (i >> 8) & 255, Third: i & 255)).ToArray();
        var addresses = numbers.Select(part => IPAddress.Parse($"52.{part.First}.{part.Second}.{part.Third}")).ToArray();
        var lines = numbers.Select((part, i) => $"{part.Third}.{part.Second}.{part.First} PTR host-{i}.service.example.com.");
        var records = string.Join('\n', lines);
        await using var bind = await BindServer.StartAsync(("52.in-addr.arpa", records));
        using var folder = new TemporaryFolder();
        var queries = folder.Write("queries", string.Join('\n', addresses.Select(address => $"{address.GetArpaName()} PTR")) + "\n");
        Cache(addresses);
        foreach (var transport in (DnsTransport[])[DnsTransport.Tcp, DnsTransport.Udp])
        {
            foreach (var concurrency in (int[])[64, 256]) await WithoutLimitsAsync(bind.Endpoint, transport, queries, addresses, concurrency);
            await DefaultRateAsync(new DnsOptions { Servers = [bind.Endpoint], Transport = transport, Confirm = false }, addresses);
        }
    }

    private static async Task WithoutLimitsAsync(IPEndPoint server, DnsTransport transport, string queries, IPAddress[] addresses, int concurrency)
    {
        var options = new DnsOptions
        {
            Servers = [server],
            Transport = transport,
            MaxInFlight = concurrency,
            QueriesPerSecond = 10_000_000,
            Attempts = 5,
            Confirm = false,
            MaxEntries = 10_000_000,
        };
        var (theirs, ours, all, allocated) = (0.0, 0.0, 0.0, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            theirs = Math.Max(theirs, await DnsperfAsync(server, transport, queries, concurrency));
            var (rate, bytes) = await NameServersAsync(options, addresses);
            (ours, allocated) = (Math.Max(ours, rate), bytes);
            all = Math.Max(all, await LookupsAsync(options, addresses));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{transport}, {concurrency} in flight: dnsperf {theirs:0}/s; NameServers {ours:0}/s, {ours / theirs:0.00} of it, {allocated:0} B each; "
            + $"Lookups with cache {all:0}/s, {all / theirs:0.00}"));
    }

    private static async Task<(double Rate, double Bytes)> NameServersAsync(DnsOptions options, IPAddress[] addresses)
    {
        var metrics = new MetricRegistry();
        using var servers = new NameServers(options, new DnsMetrics(metrics), TimeProvider.System, NullLogger.Instance);
        // 256 datagrams at once are more than BIND's buffer holds: how long it takes must be known when the first are lost.
        for (var i = 0; i < 20; i++) await servers.AskAsync(addresses[i].GetArpaName().TrimEnd('.'), QueryType.PTR, CancellationToken.None);
        var (next, before, started) = (-1, GC.GetTotalAllocatedBytes(), TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, options.MaxInFlight).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < addresses.Length)
            {
                var reply = await servers.AskAsync(addresses[i].GetArpaName().TrimEnd('.'), QueryType.PTR, CancellationToken.None);
                if (reply.Names.Count != 1) throw new InvalidOperationException($"no name for {addresses[i]}: {reply}");
            }
        })));
        var (seconds, allocated) = (TimeProvider.System.GetElapsedTime(started).TotalSeconds, GC.GetTotalAllocatedBytes() - before);
        return (addresses.Length / seconds, (double)allocated / addresses.Length);
    }

    /// <summary>What look-ups cost at the default rate: as many addresses as five seconds allow.</summary>
    private static async Task DefaultRateAsync(DnsOptions options, IPAddress[] addresses)
    {
        var metrics = new MetricRegistry();
        await using var lookups = new Lookups(options, Store.InMemory().Read(), new DnsMetrics(metrics), TimeProvider.System);
        var some = addresses.Take(options.QueriesPerSecond * 7).ToArray(); // Two seconds' worth goes at once.
        var (cpu, allocated, started) = (Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes(), TimeProvider.System.GetTimestamp());
        await AskAsync(lookups, some);
        var (seconds, used) = (TimeProvider.System.GetElapsedTime(started).TotalSeconds, Environment.CpuUsage.TotalTime - cpu);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{options.Transport}, default rate: {some.Length} look-ups in {seconds:0.0} s, {used.TotalMicroseconds / some.Length:0} us CPU "
            + $"and {(double)(GC.GetTotalAllocatedBytes() - allocated) / some.Length:0} B each"));
    }

    private static Task AskAsync(Lookups lookups, IReadOnlyList<IPAddress> addresses)
    {
        foreach (var address in addresses) lookups.Find(address);
        return lookups.SettleAsync(addresses.Select(Question.NameOf), TimeSpan.FromMinutes(1), CancellationToken.None);
    }

    private static async Task<double> LookupsAsync(DnsOptions options, IPAddress[] addresses)
    {
        var metrics = new MetricRegistry();
        await using var lookups = new Lookups(options, Store.InMemory().Read(), new DnsMetrics(metrics), TimeProvider.System);
        await AskAsync(lookups, addresses[..20]);
        var started = TimeProvider.System.GetTimestamp();
        foreach (var chunk in addresses.Chunk(5_000))
        {
            // The queue holds 20,000 and never runs empty, also while a lost question waits for its turn.
            foreach (var address in chunk) lookups.Find(address);
            while (lookups.Waiting > 10_000) await lookups.SettleAsync(chunk.Select(Question.NameOf), TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }

        await lookups.SettleAsync(addresses.Select(Question.NameOf), TimeSpan.FromMinutes(1), CancellationToken.None);
        var named = addresses.Count(address => lookups.Find(address).State == AnswerState.Present);
        if (named < addresses.Length) throw new InvalidOperationException($"{named} names");
        return addresses.Length / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>What an address costs that is in the cache: time, and memory with its name.</summary>
    private static void Cache(IPAddress[] addresses)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var table = Store.InMemory().Read().Table(Lookups.NameOfAddress);
        var cache = new AnswerCache<UInt128, ReverseAnswer>(new DnsOptions(), 10_000_000, table, TimeProvider.System);
        for (var i = 0; i < addresses.Length; i++)
        {
            var answer = new ReverseAnswer(AnswerState.Present, $"host-{i}.service.example.com", Confirmed: true);
            cache.Store(AddressNumber.Of(addresses[i]), answer, TimeSpan.FromHours(1));
        }

        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / addresses.Length;
        var (nanoseconds, allocated) = (double.MaxValue, GC.GetAllocatedBytesForCurrentThread());
        for (var round = 0; round < 20; round++)
        {
            var started = TimeProvider.System.GetTimestamp();
            foreach (var address in addresses)
            {
                if (cache.Find(AddressNumber.Of(address), out _).State != AnswerState.Present) throw new InvalidOperationException("not in the cache");
            }

            nanoseconds = Math.Min(nanoseconds, TimeProvider.System.GetElapsedTime(started).TotalNanoseconds / addresses.Length);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"cache: {nanoseconds:0} ns a hit, {allocated} B allocated in all, {bytes:0} B an entry with its name"));
    }

    private static async Task<double> DnsperfAsync(IPEndPoint server, DnsTransport transport, string queries, int concurrency)
    {
        var mode = transport == DnsTransport.Tcp ? "tcp" : "udp";
        string[] arguments = ["-s", $"{server.Address}", "-p", $"{server.Port}", "-d", queries, "-q", $"{concurrency}", "-n", "1", "-m", mode];
        var output = await Tool.OutputAsync("dnsperf", arguments);
        return RatePattern().Match(output) is { Success: true } match
            ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException(output);
    }

    [GeneratedRegex(@"Queries per second:\s+([0-9.]+)")]
    private static partial Regex RatePattern();
}
