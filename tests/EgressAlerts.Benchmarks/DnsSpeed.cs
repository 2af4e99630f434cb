using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using EgressAlerts.Dns;
using EgressAlerts.Testing;

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

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"concurrency {concurrency}: dnsperf {theirs:0}/s; StubResolver {ours:0}/s, {ours / theirs:0.00} of it, {allocated:0} B each; ReverseLookups with cache {all:0}/s, {all / theirs:0.00}"));
        }
    }

    private static DnsOptions Options(IPEndPoint server, int concurrency) =>
        new() { Servers = [server], MaxInFlight = concurrency, QueriesPerSecond = 10_000_000, Confirm = false, MaxEntries = 10_000_000 };

    private static async Task<(double Rate, double Bytes)> ResolverAsync(IPEndPoint server, IPAddress[] addresses, int concurrency)
    {
        using var meter = new Meter("benchmark");
        using var resolver = new StubResolver(Options(server, concurrency), new DnsMetrics(meter));
        var (next, before, started) = (-1, GC.GetTotalAllocatedBytes(), TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < addresses.Length)
            {
                if ((await resolver.AskAsync(ReverseZone.NameOf(addresses[i]), RecordType.Ptr, CancellationToken.None)).Names.Count != 1) throw new InvalidOperationException($"no name for {addresses[i]}");
            }
        })));
        return (addresses.Length / TimeProvider.System.GetElapsedTime(started).TotalSeconds, (double)(GC.GetTotalAllocatedBytes() - before) / addresses.Length);
    }

    private static async Task<double> LookupsAsync(IPEndPoint server, IPAddress[] addresses, int concurrency)
    {
        using var meter = new Meter("benchmark");
        await using var lookups = new ReverseLookups(Options(server, concurrency), new DnsMetrics(meter), TimeProvider.System);
        var started = TimeProvider.System.GetTimestamp();
        foreach (var chunk in addresses.Chunk(10_000))
        {
            foreach (var address in chunk) lookups.Find(address);
            await lookups.SettleAsync(chunk, TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        return addresses.Length / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> DnsperfAsync(IPEndPoint server, string queries, int concurrency)
    {
        var (exit, output) = await Tool.RunAsync("dnsperf", ["-s", $"{server.Address}", "-p", $"{server.Port}", "-d", queries, "-q", $"{concurrency}", "-n", "1"]);
        return exit == 0 && RatePattern().Match(output) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException(output);
    }

    [GeneratedRegex(@"Queries per second:\s+([0-9.]+)")]
    private static partial Regex RatePattern();
}
