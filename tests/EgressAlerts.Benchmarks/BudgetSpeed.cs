using System.Globalization;
using System.Net;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Prometheus;

namespace EgressAlerts.Benchmarks;

/// <summary>What admission and exposition cost, in one process.</summary>
internal static class BudgetSpeed
{
    private const int Rounds = 30;
    private const int Live = 10_000;
    private const int Increments = 200_000;

    public static void Run()
    {
        Admit();
        Expose(10_000);
        Expose(100_000);
    }

    /// <summary>Increments of series that are live, in an order that is not theirs.</summary>
    private static void Admit()
    {
        var budget = new SeriesBudget(new() { MaxSeries = Live * 4, MaxDestinationsPerWorkload = Live }, Store.InMemory().Read());
        var series = Series(Live).ToArray();
        var random = new Random(1);
        var increments = Enumerable.Range(0, Increments).Select(_ => series[random.Next(Live)]).ToList();
        budget.Admit(Reading(1, series), [], showNew: true);
        var (best, least, empty) = (double.MaxValue, long.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            var (idle, _) = Timed(() => budget.Admit(Reading(2 + round, []), [], showNew: true));
            var (time, allocated) = Timed(() => budget.Admit(Reading(2 + round, increments), [], showNew: true));
            (best, least, empty) = (Math.Min(best, time), Math.Min(least, allocated), Math.Min(empty, idle));
        }

        var admitted = budget.Admit(Reading(100, []), [], showNew: true);
        if (admitted.Budget is not { Overflow: 0 } || admitted.Series.Count != Live) throw new InvalidOperationException($"{admitted.Budget}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Increments} increments onto {Live} live series: {best:0.0} ms with the snapshot, which alone takes {empty:0.0} ms; "
            + $"{(double)least / Increments:0.0} B allocated an increment, snapshot included"));
    }

    private static void Expose(int count)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var exposition = new Exposition(new MetricRegistry(), TimeProvider.System);
        var budget = new SeriesBudget(new() { MaxSeries = count * 4, MaxDestinationsPerWorkload = count }, Store.InMemory().Read());
        var series = Series(count).ToArray();
        var ledger = new Ledger(default, [], []);
        CounterSnapshot Window(int number) => budget.Admit(Reading(number, series), [], showNew: true);
        exposition.Publish(Window(1), ledger);
        exposition.Publish(Window(2), ledger);
        var text = exposition.Render(ExpositionFormat.PrometheusText);
        var length = text.Plain.Sum(part => part.Length);
        var packed = text.Compress().Length;
        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / count;

        var (publish, render, scrape, zip) = (double.MaxValue, double.MaxValue, double.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            var window = Window(3 + round);
            publish = Math.Min(publish, Timed(() => exposition.Publish(window, ledger)).Milliseconds);
            render = Math.Min(render, Timed(() => exposition.Render(ExpositionFormat.PrometheusText)).Milliseconds);
            scrape = Math.Min(scrape, Timed(() => exposition.Render(ExpositionFormat.PrometheusText)).Milliseconds);
            zip = Math.Min(zip, Timed(() => exposition.Render(ExpositionFormat.PrometheusText).Compress()).Milliseconds);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} series, all moved: shown in {publish:0.0} ms, rendered for the first scrape in {render:0.0} ms; a further scrape {scrape:0.00} ms, "
            + $"with gzip {zip:0.0} ms; {length / 1e6:0.0} MB, 1:{(double)length / packed:0.0} with gzip; "
            + $"{bytes:0} B of memory a series, budget and body included"));
        GC.KeepAlive(budget);
    }

    private static (double Milliseconds, long Bytes) Timed(Action work)
    {
        var (bytes, started) = (GC.GetAllocatedBytesForCurrentThread(), TimeProvider.System.GetTimestamp());
        work();
        return (TimeProvider.System.GetElapsedTime(started).TotalMilliseconds, GC.GetAllocatedBytesForCurrentThread() - bytes);
    }

    /// <summary>Series of six labels, about 216 bytes a line: as the stages before give them, four of each flow, whose texts they share.</summary>
    private static IEnumerable<NamedIncrement> Series(int count)
    {
        var workloads = Enumerable.Range(0, 40).Select(i => new Workload("shop", string.Create(CultureInfo.InvariantCulture, $"checkout-{i}"))).ToArray();
        for (var i = 0; i < count / 4; i++)
        {
            var to = new RawDestination(new IPAddress([52, (byte)(i >> 16), (byte)(i >> 8), (byte)i]), "443", "", "", "");
            var flow = new Flow(workloads[i % workloads.Length], to, Route.Passthrough, Protocol.Tcp);
            var destination = new Destination(string.Create(CultureInfo.InvariantCulture, $"api-{i}.example.com"), NameSource.Ptr, true, Domain: "example.com");
            for (var metric = Metric.ConnectionsOpened; metric <= Metric.DownloadBytes; metric++)
                yield return new(new(new(flow, metric, "", metric == Metric.ConnectionsClosed ? "-" : ""), 1234567), destination);
        }
    }

    private static NamedReading Reading(int window, IReadOnlyList<NamedIncrement> increments)
    {
        var end = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(30 * window);
        return new(new Window(end.AddSeconds(-30), end), increments);
    }
}
