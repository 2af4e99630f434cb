using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Reads a window from a server.</summary>
internal sealed class LiveSamples(PrometheusClient client, SplitReader reader) : ISampleSource
{
    /// <summary>How far back <c>up</c> is read. Like Prometheus' own lookback, it is longer than any sensible scrape interval.</summary>
    public static readonly TimeSpan Lookback = TimeSpan.FromMinutes(5);

    public Task<QueryFailure?> JobsAsync(Window window, ISeriesSink sink, CancellationToken cancel) => client.QueryAsync(
        $"group by (job) (max_over_time(up[{Duration(Lookback)}] offset {Duration(window.Length * 2)}) == 1)", window.End, sink, cancel);

    public Task<QueryFailure?> TargetsAsync(Window window, TimeSpan back, ISeriesSink sink, CancellationToken cancel) =>
        client.QueryAsync(TargetLabels.Query(Duration(back)), window.End, sink, cancel);

    public Task<QueryFailure?> SeriesAsync(RawMetric raw, Window window, TimeSpan back, IKeyedSink sink, CancellationToken cancel) =>
        reader.ReadAsync(raw, window, back, sink, cancel);

    public static string Selector(RawMetric raw, IEnumerable<string> matchers) => $"{raw.Name}{{{string.Join(',', matchers)}}}";

    public static string Duration(TimeSpan length) => DurationText.Milliseconds(length);
}
