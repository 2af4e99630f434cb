using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads from Prometheus what the exported counters of this service grew by within a span of the past, one query at a time.</summary>
/// <param name="options">The limits of one query are those of the section <c>prometheus</c>, but it may take two minutes.</param>
/// <param name="idle"><c>cardinality.idle_ttl</c>.</param>
/// <param name="maxQps">How many queries begin in a second.</param>
public sealed class PastTrafficReader(
    HttpClient http, PollingOptions options, TelemetryOptions telemetry, TimeSpan idle, double maxQps, PollingMetrics metrics, TimeProvider time,
    ILogger logger)
{
    private const string Flow = "source_cluster, source_workload_namespace, source_workload, destination, destination_port, route, protocol";
    private const string Info = "destination, name_source, confirmed, owner, network, region, domain";
    private const string WindowEnd = "egress_alerts_last_window_end_timestamp_seconds";

    private static readonly TimeSpan LongestPiece = TimeSpan.FromDays(7);
    private static readonly TimeSpan LongestQuery = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Lookback = TimeSpan.FromHours(1);

    private static readonly IReadOnlyList<(Metric Metric, string Name, string By)> Counters =
    [
        (Metric.Requests, "egress_requests_total", Flow + ", response_code, response_flags"),
        (Metric.ConnectionsOpened, "egress_connections_opened_total", Flow),
        (Metric.ConnectionsClosed, "egress_connections_closed_total", Flow + ", response_flags"),
        (Metric.UploadBytes, "egress_upload_bytes_total", Flow),
        (Metric.DownloadBytes, "egress_download_bytes_total", Flow),
    ];

    private readonly PrometheusClient _client = new(
        http,
        options with { MaxCatchUp = TimeSpan.Zero, Timeout = options.Timeout > LongestQuery ? options.Timeout : LongestQuery },
        metrics,
        time,
        logger);

    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private TimeSpan _piece = LongestPiece;

    /// <param name="ns">Only this namespace; empty for all.</param>
    /// <param name="progress">Is told which part of all there is to read has been read, from 0 to 1.</param>
    /// <exception cref="HistoryException">The counters cannot be read.</exception>
    public async Task<PastTraffic> ReadAsync(PastSpan span, string ns, Action<double> progress, CancellationToken cancel)
    {
        _client.Notes.BeginWindow();
        var matchers = ns.Length > 0 ? $"source_workload_namespace=\"{ns}\"" : "";
        var flows = new PastFlows(span);
        var baseline = await BaselineAsync(span, cancel);
        var steps = Counters.Count + 2.0;
        for (var i = 0; i < Counters.Count; i++)
        {
            var (metric, name, by) = Counters[i];
            string Values(TimeSpan back) => $"max by ({by}) (last_over_time({name}{{{matchers}}}[{LiveSamples.Duration(back)}]))";

            var sink = new GrowthSink(metric, flows, span.Step, idle) { IsBaseline = true };
            await KeepAsync(new(Values(Lookback), baseline, baseline, span.Step), sink, cancel);
            sink.IsBaseline = false;
            await ByPieceAsync(Values(LiveSamples.Lookback), span, sink, part => progress((i + part) / steps), cancel);
            await KeepAsync(new(Values(Lookback), span.End, span.End, span.Step), sink, cancel);
        }

        var destinations = new DestinationSink();
        await ByPieceAsync($"max by ({Info}) (last_over_time(egress_destination_info[{LiveSamples.Duration(LiveSamples.Lookback)}]))", span, destinations,
            part => progress((Counters.Count + part) / steps), cancel);
        await KeepAsync(new($"max by ({Info}) (last_over_time(egress_destination_info[1h]))", span.End, span.End, span.Step), destinations, cancel);
        var hours = await HoursAsync(span, cancel);
        progress((steps - 0.5) / steps);
        var notRestarted = await NotRestartedAsync(span, matchers, cancel);
        _client.Notes.EndWindow();
        progress(1);
        List<string> notes = [.. _client.Notes.Shown];
        if (flows.Strange > 0) notes.Add($"{flows.Strange} series of egress_* have labels that this service never writes, and were passed over");
        return new(span, flows.Uses, destinations.Destinations, hours, notRestarted, notes);
    }

    /// <summary>The instant whose counters are the baseline: the start, or the last time before it that the service was there.</summary>
    private async Task<DateTimeOffset> BaselineAsync(PastSpan span, CancellationToken cancel)
    {
        var sink = new ValueSink();
        await KeepAsync(new($"max(max_over_time({WindowEnd}[7d]))", span.Start, span.Start, span.Step), sink, cancel);
        if (sink.Value is not > 0 || sink.Value > span.Start.ToUnixTimeSeconds()) return span.Start;
        var seen = DateTimeOffset.FromUnixTimeSeconds((long)sink.Value) + LiveSamples.Lookback;
        return seen < span.Start ? seen : span.Start;
    }

    /// <summary>The hours in which the service counted. The last one is not over yet.</summary>
    private async Task<IReadOnlySet<DateTimeOffset>> HoursAsync(PastSpan span, CancellationToken cancel)
    {
        // A sample on the full hour belongs to neither of the two hours.
        const string query = $"sum(count_over_time({WindowEnd}[59m] offset 30s))";
        var hour = TimeSpan.FromHours(1);
        DateTimeOffset Begin(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % hour.Ticks), TimeSpan.Zero);

        var (past, now) = (new TimesSink(), new TimesSink());
        if (Begin(span.End) is var last && last > span.Start) await KeepAsync(new(query, Begin(span.Start) + hour, last, hour), past, cancel);
        await KeepAsync(new(query, span.End, span.End, hour), now, cancel);
        var hours = past.Times.Select(at => at - hour).ToHashSet();
        if (now.Times.Count > 0) hours.Add(Begin(span.End));
        return hours;
    }

    /// <summary>Compares which proxies there were at the start and at the end. Only those of traffic that may have left the mesh are asked for.</summary>
    private async Task<IReadOnlyList<Workload>?> NotRestartedAsync(PastSpan span, string matchers, CancellationToken cancel)
    {
        List<string> all = ["reporter=~\"source|waypoint\"", "destination_workload=~\"unknown|\"", .. options.Matchers];
        if (matchers.Length > 0) all.Add(matchers);
        List<string> by = ["source_workload_namespace", "source_workload", "instance", .. telemetry.Cluster];
        var query = $"group by ({string.Join(", ", by)}) "
            + $"({{__name__=~\"istio_requests_total|istio_tcp_connections_opened_total\",{string.Join(',', all)}}})";
        var (before, now) = (new ProxySink(telemetry), new ProxySink(telemetry));
        foreach (var (at, sink) in new[] { (span.Start, before), (span.End, now) })
        {
            await WaitAsync(cancel);
            if (await _client.QueryAsync(query, at, sink, cancel) is not null || sink.Proxies.Count == 0) return null;
        }

        return
        [
            .. now.Proxies.Where(proxies => before.Proxies.TryGetValue(proxies.Key, out var old) && proxies.Value.IsSubsetOf(old))
                .Select(proxies => proxies.Key)
                .Order(Workload.Order),
        ];
    }

    /// <summary>Asks for the marks of a span, so many at a time as the server answers.</summary>
    private async Task ByPieceAsync(string query, PastSpan span, ISeriesSink sink, Action<double> progress, CancellationToken cancel)
    {
        for (var mark = span.FirstMark; mark <= span.LastMark;)
        {
            var end = mark + _piece is var next && next < span.LastMark ? mark + (Math.Floor(_piece / span.Step) * span.Step) : span.LastMark;
            if (await AskAsync(new(query, mark, end, span.Step), sink, cancel) is not { } failure)
            {
                mark = end + span.Step;
                progress(Math.Min(1, (mark - span.Start) / span.Length));
                continue;
            }

            // A shorter piece may be answered where a longer one is not.
            var isTooLong = failure.Reason is FailureReason.Timeout or FailureReason.TooLarge or FailureReason.Limit;
            if (!isTooLong || end == mark) throw Unreadable(failure);
            _piece = (end - mark) / 2;
        }
    }

    private async Task KeepAsync(HistoryQuery query, ISeriesSink sink, CancellationToken cancel)
    {
        if (await AskAsync(query, sink, cancel) is { } failure) throw Unreadable(failure);
    }

    private async Task<QueryFailure?> AskAsync(HistoryQuery query, ISeriesSink sink, CancellationToken cancel)
    {
        await WaitAsync(cancel);
        if (await _client.QueryAsync(query, sink, cancel) is { } failure) return failure;
        if (sink is not GrowthSink growth) return null;
        growth.Keep();
        return growth.IsFull
            ? throw new HistoryException($"Prometheus has more than {GrowthSink.MaxSeries} series of one egress_* metric: narrow it with --namespace")
            : null;
    }

    /// <summary>Waits until the next query may begin.</summary>
    private async Task WaitAsync(CancellationToken cancel)
    {
        if (_next - time.GetUtcNow() is var wait && wait > TimeSpan.Zero) await Task.Delay(wait, time, cancel);
        _next = time.GetUtcNow() + TimeSpan.FromSeconds(1 / maxQps);
    }

    private HistoryException Unreadable(QueryFailure failure) => new(
        $"the exported counters cannot be read from {options.Url.GetLeftPart(UriPartial.Path)}: "
        + $"{failure.Reason.LabelValue()}: {failure.Message} (the query was {failure.Query})");
}
