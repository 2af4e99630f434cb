using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Asks a server for samples that came too late, for metrics with mangled names, and for waypoints that count nothing. No window depends on the
/// answers. Where one is missing, a later query finds the same.</summary>
internal sealed class SideQueries(
    PrometheusClient client, SplitReader reader, PollingOptions options, Classifier classifier, CounterTracker tracker, TargetLabels targets, JobRegister jobs,
    TelemetrySurvey survey)
{
    private const int MaxMangled = 100;

    private const int MaxWaypoints = 10;

    /// <summary>Samples that came too late are looked for every so many times <c>prometheus.late</c>.</summary>
    private const int LateEvery = 5;

    /// <summary>The look for late samples goes so many times <c>prometheus.late</c> back.</summary>
    private const int LateBack = 10;

    private static readonly TimeSpan MangledEvery = TimeSpan.FromMinutes(10);

    private DateTimeOffset _nextMangled;

    /// <summary>Called after each window that was read whole.</summary>
    public async Task AskAsync(Window window, Accounting accounting, CancellationToken cancel)
    {
        await LookForLateSamplesAsync(window, accounting, cancel);
        if (window.End < _nextMangled) return;
        _nextMangled = window.End + MangledEvery;
        var names = new LabelSink("__name__", MaxMangled);
        if (await client.QueryAsync(TelemetrySurvey.MangledQuery, window.End, names, cancel) is null) survey.Mangled(names.Values);
        var waypoints = new LabelSink("waypoint", MaxWaypoints);
        var query = BlindWaypoint.Query(string.Concat(options.Matchers.Select(matcher => "," + matcher)));
        if (await client.QueryAsync(query, window.End, waypoints, cancel) is null) survey.BlindWaypoints(waypoints.Values);
    }

    /// <summary>Finds what came too late to count, and notes how much it was.</summary>
    private async Task LookForLateSamplesAsync(Window window, Accounting accounting, CancellationToken cancel)
    {
        var unit = options.Late > window.Length ? options.Late : window.Length;
        var every = unit * LateEvery;
        if (window.Start.Ticks / every.Ticks == window.End.Ticks / every.Ticks) return;
        var recent = window.Length + options.Late;
        if (window.End - accounting.Last.BaselineEnd is var back && back > unit * LateBack) back = unit * LateBack;
        if (back <= recent) return;
        foreach (var raw in RawMetric.All)
        {
            var late = new LateSamples(tracker, targets, labels => classifier.Classify(raw, labels));
            foreach (var selector in reader.Selectors(raw).ToList())
            {
                var query = LateSamples.Query(selector, LiveSamples.Duration(back), LiveSamples.Duration(recent));
                await client.QueryAsync(query, window.End, late, cancel);
            }

            foreach (var (what, amount) in late.Found.Where(found => found.What.Counter is not null && jobs.IsSettled(found.What.Job, window)))
                accounting.Exclude(what.Raw.Metric, "late", amount);
        }
    }
}
