using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EgressAlerts.Dns;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>Reverse look-ups against a real BIND, in turns with dnsperf against the same server.</summary>
internal static partial class DnsSpeed
{
    private const int Rounds = 3;

    public static async Task RunAsync(int count)
    {
        var addresses = Enumerable.Range(0, count).Select(i => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"52.{i >> 16}.{(i >> 8) & 255}.{i & 255}"))).ToArray();
        var records = string.Join('\n', Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i & 255}.{(i >> 8) & 255}.{i >> 16} PTR host-{i}.service.example.com.")));
        await using var bind = await BindServer.StartAsync(("52.in-addr.arpa", records));
        using var folder = new TemporaryFolder();
        var queries = folder.Write("queries", string.Join('\n', addresses.Select(address => $"{ReverseZone.NameOf(address)} PTR")) + "\n");
        Cache(addresses);
        foreach (var concurrency in (int[])[64, 256])
        {
            var (theirs, ours, all, allocated) = (0.0, 0.0, 0.0, 0.0);
            for (var round = 0; round < Rounds; round++)
            {
                theirs = Math.Max(theirs, await DnsperfAsync(bind.Endpoint, queries, concurrency));
                var (rate, bytes) = await ResolverAsync(bind.Endpoint, addresses, concurrency);
                (ours, allocated) = (Math.Max(ours, rate), bytes);
                all = Math.Max(all, await LookupsAsync(bind.Endpoint, addresses, concurrency));
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"concurrency {concurrency}: dnsperf {theirs:0}/s; StubResolver {ours:0}/s, {ours / theirs:0.00} of it, {allocated:0} B each; Lookups with cache {all:0}/s, {all / theirs:0.00}"));
        }
    }

    private static DnsOptions Options(IPEndPoint server, int concurrency) =>
        new() { Servers = [server], MaxInFlight = concurrency, QueriesPerSecond = 10_000_000, Attempts = 5, Confirm = false, MaxEntries = 10_000_000 };

    private static async Task<(double Rate, double Bytes)> ResolverAsync(IPEndPoint server, IPAddress[] addresses, int concurrency)
    {
        using var meter = new Meter("benchmark");
        using var resolver = new StubResolver(Options(server, concurrency), new DnsMetrics(meter), TimeProvider.System, NullLogger.Instance);
        // 256 datagrams at once are more than BIND's buffer holds: how long it takes must be known when the first are lost.
        for (var i = 0; i < 20; i++) await resolver.AskAsync(ReverseZone.NameOf(addresses[i]), RecordType.Ptr, CancellationToken.None);
        var (next, before, started) = (-1, GC.GetTotalAllocatedBytes(), TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < addresses.Length)
            {
                var reply = await resolver.AskAsync(ReverseZone.NameOf(addresses[i]), RecordType.Ptr, CancellationToken.None);
                if (reply.Names.Count != 1) throw new InvalidOperationException($"no name for {addresses[i]}: {reply}");
            }
        })));
        return (addresses.Length / TimeProvider.System.GetElapsedTime(started).TotalSeconds, (double)(GC.GetTotalAllocatedBytes() - before) / addresses.Length);
    }

    private static async Task<double> LookupsAsync(IPEndPoint server, IPAddress[] addresses, int concurrency)
    {
        using var meter = new Meter("benchmark");
        await using var lookups = new Lookups(Options(server, concurrency), new DnsMetrics(meter), TimeProvider.System);
        foreach (var address in addresses.Take(20)) lookups.Find(address);
        await lookups.SettleAsync(addresses.Take(20).Select(Question.NameOf), TimeSpan.FromMinutes(1), CancellationToken.None);
        var started = TimeProvider.System.GetTimestamp();
        foreach (var chunk in addresses.Chunk(5_000))
        {
            // The queue holds 20,000 and never runs empty, also while a lost question waits for its turn.
            foreach (var address in chunk) lookups.Find(address);
            while (lookups.Waiting > 10_000) await lookups.SettleAsync(chunk.Select(Question.NameOf), TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }

        await lookups.SettleAsync(addresses.Select(Question.NameOf), TimeSpan.FromMinutes(1), CancellationToken.None);
        if (addresses.Count(address => lookups.Find(address).State == ReverseState.Named) is var named && named < addresses.Length) throw new InvalidOperationException($"{named} names");
        return addresses.Length / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>What an address costs that is in the cache: time, and memory with its name.</summary>
    private static void Cache(IPAddress[] addresses)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var cache = new AnswerCache<UInt128, ReverseAnswer>(new DnsOptions(), 10_000_000, TimeProvider.System);
        for (var i = 0; i < addresses.Length; i++) cache.Store(AddressNumber.Of(addresses[i]), new(ReverseState.Named, string.Create(CultureInfo.InvariantCulture, $"host-{i}.service.example.com"), Confirmed: true), TimeSpan.FromHours(1));
        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / addresses.Length;
        var (nanoseconds, allocated) = (double.MaxValue, GC.GetAllocatedBytesForCurrentThread());
        for (var round = 0; round < 20; round++)
        {
            var started = TimeProvider.System.GetTimestamp();
            foreach (var address in addresses)
            {
                if (cache.Find(AddressNumber.Of(address), out _).State != ReverseState.Named) throw new InvalidOperationException("not in the cache");
            }

            nanoseconds = Math.Min(nanoseconds, TimeProvider.System.GetElapsedTime(started).TotalNanoseconds / addresses.Length);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cache: {nanoseconds:0} ns a hit, {allocated} B allocated in all, {bytes:0} B an entry with its name"));
    }

    private static async Task<double> DnsperfAsync(IPEndPoint server, string queries, int concurrency)
    {
        var (exit, output) = await Tool.RunAsync("dnsperf", ["-s", $"{server.Address}", "-p", $"{server.Port}", "-d", queries, "-q", $"{concurrency}", "-n", "1"]);
        return exit == 0 && RatePattern().Match(output) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(output);
    }

    [GeneratedRegex(@"Queries per second:\s+([0-9.]+)")]
    private static partial Regex RatePattern();
}
