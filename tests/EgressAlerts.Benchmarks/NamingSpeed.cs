using System.Globalization;
using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>Names 200,000 increments of 50,000 destinations whose names are known, with 130,000 networks, and says what loading those takes.</summary>
internal static class NamingSpeed
{
    private const int Destinations = 50_000;
    private const int Increments = 200_000;
    private const int Networks = 130_000;
    private const int Rounds = 10;

    public static async Task RunAsync()
    {
        // As a provider publishes them: none of them holds what is named, so that each search goes its whole way.
        var networks = Enumerable.Range(0, Networks).Select(i => new NetworkEntry
        {
            Name = "cloud-" + (i % 300),
            Cidrs = [new IPNetwork(new IPAddress([(byte)(100 + (i >> 16)), (byte)(i >> 8), (byte)i, 0]), 24)],
            Owner = "cloud",
            Region = "eu",
        }).ToList();
        var (before, started) = (GC.GetTotalMemory(forceFullCollection: true), TimeProvider.System.GetTimestamp());
        var table = new NetworkTable(networks.SelectMany(entry => entry.Networks));
        var took = TimeProvider.System.GetElapsedTime(started);
        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{table.Count} networks: {took.TotalMilliseconds:0} ms to build, {bytes / 1e6:0.0} MB"));

        var addresses = Enumerable.Range(0, Destinations).Select(i => new IPAddress([52, (byte)(i >> 16), (byte)(i >> 8), (byte)i])).ToArray();
        using var store = Store.InMemory();
        var state = store.Read();
        var cache = new AnswerCache<UInt128, ReverseAnswer>(new DnsOptions(), 100_000, state.Table(Lookups.NameOfAddress), TimeProvider.System);
        foreach (var (i, address) in addresses.Index())
        {
            var name = $"ec2-52-{(byte)(i >> 16)}-{(byte)(i >> 8)}-{(byte)i}.compute-1.amazonaws.com";
            cache.Store(AddressNumber.Of(address), new(AnswerState.Present, name, Confirmed: true), TimeSpan.FromHours(1));
        }

        state.Commit();
        state = store.Read();
        var options = new DnsOptions { Servers = [new IPEndPoint(IPAddress.Loopback, 9)] };
        await using var lookups = new Lookups(options, state, new DnsMetrics(new MetricRegistry()), TimeProvider.System);
        var namer = new Namer(new NamingOptions { Networks = networks }, lookups, state, TimeProvider.System, NullLogger<Namer>.Instance);
        var window = new Window(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(30));
        var increments = Enumerable.Range(0, Increments)
            .Select(i => new Flow(
                new Workload("ns", "workload-" + (i % 40)),
                new RawDestination(addresses[i % Destinations], "443", "", "", ""),
                Route.Passthrough,
                Protocol.Tcp))
            .Select(flow => new Increment(new(flow, Metric.UploadBytes), 1))
            .ToList();
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            started = TimeProvider.System.GetTimestamp();
            var named = await namer.NameAsync(new Reading(window, increments), CancellationToken.None);
            best = Math.Min(best, TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            if (named.Increments.Any(increment => increment.Destination.Source != NameSource.Ptr)) throw new InvalidOperationException("not named");
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Increments} increments of {Destinations} known destinations: {best:0} ms"));
    }
}
