using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using EgressAlerts.Cardinality;
using EgressAlerts.Export;
using EgressAlerts.Model;

namespace EgressAlerts.Benchmarks;

/// <summary>What admission and exposition cost, in one process.</summary>
internal static class BudgetSpeed
{
    private const int Rounds = 30;
    private const int Live = 10_000;
    private const int Increments = 200_000;
    private const int Exposed = 100_000;

    public static void Run()
    {
        Admit();
        Expose();
    }

    /// <summary>Increments of series that are live, in an order that is not theirs.</summary>
    private static void Admit()
    {
        var budget = new SeriesBudget(new() { MaxSeries = Live * 4, MaxDestinationsPerWorkload = Live });
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
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Increments} increments onto {Live} live series: {best:0.0} ms with the snapshot, which alone takes {empty:0.0} ms; {(double)least / Increments:0.0} B allocated an increment, snapshot included"));
    }

    private static void Expose()
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var meter = new Meter("benchmark");
        using var self = new SelfMetrics(meter);
        var exposition = new Exposition(self, TimeProvider.System);
        var budget = new SeriesBudget(new() { MaxSeries = Exposed * 4, MaxDestinationsPerWorkload = Exposed });
        Admitted Window(int number) => budget.Admit(Reading(number, number == 1 ? [.. Series(Exposed)] : []), [], showNew: true);
        exposition.Publish(Window(1));
        exposition.Publish(Window(2));
        var text = exposition.Render(ExpositionFormat.Text, gzip: false);
        var packed = exposition.Render(ExpositionFormat.Text, gzip: true);
        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Exposed;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Exposed} series: {(double)text.First.Length / Exposed:0} B a line, {bytes:0} B of memory each in all, with the body and its gzip (1:{(double)text.First.Length / packed.First.Length:0.0})"));

        var sink = new byte[text.First.Length + text.Rest.Length + 4096];
        var (copy, scrape, zip, allocated, render, compress) = (double.MaxValue, double.MaxValue, double.MaxValue, long.MaxValue, double.MaxValue, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            copy = Math.Min(copy, Timed(() => Copy(text, sink)).Milliseconds);
            var (time, made) = Timed(() =>
            {
                using var again = exposition.Render(ExpositionFormat.Text, gzip: false);
                Copy(again, sink);
            });
            (scrape, allocated) = (Math.Min(scrape, time), Math.Min(allocated, made));
            zip = Math.Min(zip, Timed(() =>
            {
                using var again = exposition.Render(ExpositionFormat.Text, gzip: true);
                Copy(again, sink);
            }).Milliseconds);
        }

        for (var round = 0; round < 5; round++)
        {
            exposition.Publish(Window(3 + round));
            render = Math.Min(render, Timed(() => exposition.Render(ExpositionFormat.Text, gzip: false)).Milliseconds);
            compress = Math.Min(compress, Timed(() => exposition.Render(ExpositionFormat.Text, gzip: true)).Milliseconds);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"copying {text.First.Length / 1e6:0.0} MB: {copy:0.00} ms; a scrape: {scrape:0.00} ms, {scrape / copy:0.00} of it, {allocated} B allocated; with gzip {zip:0.00} ms"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"once a snapshot, when first asked for: text {render:0} ms, gzip {compress:0} ms"));
        GC.KeepAlive(budget);
    }

    private static void Copy(Exposition.Scrape scrape, byte[] sink)
    {
        scrape.First.Span.CopyTo(sink);
        scrape.Rest.Span.CopyTo(sink.AsSpan(scrape.First.Length));
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
                yield return new(new(flow, metric, "", metric == Metric.ConnectionsClosed ? "-" : "", 1234567), destination);
        }
    }

    private static NamedReading Reading(int window, IReadOnlyList<NamedIncrement> increments)
    {
        var end = DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(30 * window);
        return new(new Reading(new Window(end.AddSeconds(-30), end), Baseline: false, [], new Accounts(end, [])), increments, increments, []);
    }
}
