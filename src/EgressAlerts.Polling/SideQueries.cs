using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Asks all servers for samples that came too late, for metrics with mangled names, for waypoints that count nothing, and for the growth that they
/// compute themselves. No window depends on the answers. Where one is missing, a later query finds the same.</summary>
internal sealed class SideQueries(
    IReadOnlyList<(PolledServer Server, TargetLabels Targets)> servers, PollingOptions options, Classifier classifier, CounterTracker tracker, JobRegister jobs,
    TelemetrySurvey survey, StoredState state)
{
    private const int MaxMangled = 100;
    private const int MaxJobs = 1_000;

    private const int MaxWaypoints = 10;

    /// <summary>Samples that came too late are looked for every so many times <c>prometheus.late</c>.</summary>
    private const int LateEvery = 5;

    /// <summary>The look for late samples goes so many times <c>prometheus.late</c> back.</summary>
    private const int LateBack = 10;

    /// <summary>In a large mesh a sum over what is not read costs the server more than minutes of reading the rest.</summary>
    private static readonly TimeSpan NotReadEvery = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan MangledEvery = TimeSpan.FromMinutes(10);

    private readonly GrowthEstimate _read = new(
        [.. servers.Select(one => one.Server)], "polling_expected", (reader, raw) => reader.Selectors(raw), GrowthEstimate.First, state);

    private readonly GrowthEstimate _notRead = new(
        [.. servers.Select(one => one.Server)], "polling_not_read", (reader, raw) => reader.NotRead(raw), NotReadEvery, state);

    private DateTimeOffset _nextMangled;

    /// <summary>Called after each window that was read whole.</summary>
    public async Task AskAsync(Window window, Accounting accounting, CancellationToken cancel)
    {
        await LookForLateSamplesAsync(window, accounting, cancel);
        var settled = window.End - options.Late;
        await _read.AskAsync(window, settled, accounting.Expect, cancel);
        if (options.Read == ReadMode.Egress)
        {
            accounting.BeginNotRead();
            await _notRead.AskAsync(window, settled, (metric, amount) => accounting.Exclude(metric, Accounting.NotRead, amount), cancel);
        }
        else
        {
            _notRead.Forget();
        }

        if (window.End < _nextMangled) return;
        _nextMangled = window.End + MangledEvery;
        if (options.Read == ReadMode.Egress) await LookForJobsAsync(window, cancel);
        if (await FindAsync("__name__", MaxMangled, TelemetrySurvey.MangledQuery, window, cancel) is { } names) survey.Mangled(names);
        var query = BlindWaypoint.Query(string.Concat(options.Matchers.Select(matcher => "," + matcher)));
        if (await FindAsync("waypoint", MaxWaypoints, query, window, cancel) is { } waypoints) survey.BlindWaypoints(waypoints);
    }

    /// <summary>The values of a label in the answers of all servers. Null where one did not answer.</summary>
    private async Task<IReadOnlyList<string>?> FindAsync(string label, int most, string query, Window window, CancellationToken cancel)
    {
        var all = new HashSet<string>();
        foreach (var (server, _) in servers)
        {
            var found = new LabelSink(label, most);
            if (await server.Client.QueryAsync(query, window.End, found, cancel) is not null) return null;
            all.UnionWith(found.Values);
        }

        return [.. all.Take(most)];
    }

    /// <summary>Finds jobs that have no <c>up</c>. Where only egress is read, a job with nothing but traffic in the mesh would not be seen, and its first
    /// egress would be a baseline.</summary>
    private async Task LookForJobsAsync(Window window, CancellationToken cancel)
    {
        var query = $"group by (job) ({LiveSamples.Selector(RawMetric.All[0], options.Matchers)}) unless on (job) group by (job) (up)";
        foreach (var job in await FindAsync("job", MaxJobs, query, window, cancel) ?? []) jobs.Saw(job, window.End);
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
        foreach (var (raw, (server, targets)) in RawMetric.All.SelectMany(raw => servers.Select(one => (raw, one))))
        {
            var late = new LateSamples(tracker, targets, labels => classifier.Classify(raw, labels));
            foreach (var selector in server.Reader.Selectors(raw).ToList())
            {
                var query = LateSamples.Query(selector, LiveSamples.Duration(back), LiveSamples.Duration(recent));
                await server.Client.QueryAsync(query, window.End, ClusterSink.For(late, server.Options.Cluster), cancel);
            }

            foreach (var (what, amount) in late.Found.Where(found => found.What.Counter is not null && jobs.IsSettled(found.What.Job, window)))
                accounting.Exclude(what.Raw.Metric, "late", amount);
        }
    }
}
