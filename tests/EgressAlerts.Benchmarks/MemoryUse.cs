using System.Globalization;
using System.Runtime;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Benchmarks;

/// <summary>Measures what floods of destinations that never come back leave in memory, and what known series take.</summary>
/// <remarks>It looks at the memory of the whole process, so nothing else may run in it.</remarks>
internal static class MemoryUse
{
    private const int BudgetWindow = 1_000;
    private const int DetectionWindow = 50_000;

    public static void Run(int destinations)
    {
        Series(destinations);
        Budget(destinations);
        Detection(destinations);
    }

    /// <summary>What the tracker holds between windows: as many series as there are destinations, each of which shows a counter.</summary>
    private static void Series(int count)
    {
        var (before, series, counters) = (Held(), new KeyedTable<RawSeries>(), new KeyedTable<TrackedCounter>());
        for (var i = 0; i < count; i++) series.Add(new RawSeries((ulong)i, counters.Add(new TrackedCounter(new((ulong)i, 0)))));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count} known series with their counters: {(double)(Held() - before) / count:0.0} B each"));
        GC.KeepAlive(series);
        GC.KeepAlive(counters);
    }

    private static void Budget(int destinations)
    {
        var (before, state) = (Held(), Store.InMemory().Read());
        var budget = new SeriesBudget(new() { MaxSeries = BudgetWindow }, state);
        var (window, first) = (0, 0L);
        for (; window < Math.Max(20, destinations / BudgetWindow); window++)
        {
            if (window == 10) first = Held();
            budget.Admit(Flood(window, BudgetWindow, workloads: 7, "52.0.0.1"), [], showNew: true);
            state.Commit(); // Until then the rows of the window wait to be written.
        }

        Print("budget of 1,000 series", window * BudgetWindow, Held() - before, first - before, 10 * BudgetWindow);
        GC.KeepAlive(budget);
    }

    private static void Detection(int destinations)
    {
        var spikes = new UploadSpikeOptions { Floor = 1 << 20, Learning = TimeSpan.Zero };
        var (before, options) = (Held(), new DetectionOptions { Learning = TimeSpan.FromMinutes(5), UploadSpike = spikes });
        var state = Store.InMemory().Read();
        var detectors = new Detectors(options, new DetectionMetrics(new MetricRegistry(), TimeProvider.System), state, NullLogger<Detectors>.Instance);
        var (window, windows, each) = (0, Math.Max(20, destinations / DetectionWindow), Math.Min(DetectionWindow, destinations));
        var first = 0L;
        for (; window < windows; window++)
        {
            if (window == windows / 2) first = Held();
            detectors.Observe(Flood(window, each, workloads: 100, ""));
            state.Commit();
        }

        Print("all detectors", window * each, Held() - before, first - before, windows / 2 * each);
        GC.KeepAlive(detectors);
    }

    private static void Print(string what, int all, long held, long heldFirst, int first) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture, $"{what}, after {first} destinations: {heldFirst / 1e6:0.0} MB; after {all}: {held / 1e6:0.0} MB"));

    /// <summary>A window of five minutes, none of whose destinations was there before.</summary>
    private static NamedReading Flood(int window, int destinations, int workloads, string host)
    {
        List<NamedIncrement> seen = [.. Enumerable.Range(0, destinations).Select(One)];
        var end = DateTimeOffset.UnixEpoch.AddDays(20_000).AddMinutes(5 * window);
        return new(new Window(end.AddMinutes(-5), end), seen);

        NamedIncrement One(int i)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"n{i}.w{window}.example.org");
            var to = new RawDestination(null, "443", "", host.Length > 0 ? host : name, "");
            var flow = new Flow(new("shop", string.Create(CultureInfo.InvariantCulture, $"app-{i % workloads}")), to, Route.Passthrough, Protocol.Tcp);
            var destination = new Destination(name, NameSource.PtrUnconfirmed, Confirmed: false, Domain: "example.org", Site: name);
            return new(new(new(flow, Metric.UploadBytes), 20_000), destination);
        }
    }

    private static long Held()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
