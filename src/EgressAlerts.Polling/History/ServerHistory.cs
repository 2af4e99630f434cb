using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Reads history from a Prometheus-compatible server: raw samples, one query at a time, an hour or less at once.</summary>
public sealed class ServerHistory : ISampleHistory
{
    private static readonly TimeSpan LongestPiece = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstPiece = TimeSpan.FromMinutes(5);

    /// <summary>The run ends when a server that has answered before has been away for so long.</summary>
    private static readonly IReadOnlyList<TimeSpan> Waits = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)];

    private readonly PrometheusClient _client;
    private readonly PollingOptions _options;
    private readonly TimeProvider _time;
    private readonly long _samplesAtOnce;
    private readonly SeriesHash _hash = SeriesHash.Random();
    private readonly HashSet<ulong> _seen = [];
    private readonly Dictionary<string, Dictionary<ulong, RecordedSeries>> _series =
        Piece.Metrics.ToDictionary(name => name, _ => new Dictionary<ulong, RecordedSeries>());

    private TimeSpan _length;
    private bool _hasRead;

    /// <param name="samplesAtOnce">About so many samples are held in memory, 16 bytes each, unless a single window has more.</param>
    public ServerHistory(HttpClient http, PollingOptions options, PollingMetrics metrics, TimeProvider time, ILogger logger, long samplesAtOnce = 6_000_000)
    {
        (_options, _time, _samplesAtOnce, _length) = (options, time, samplesAtOnce, FirstPiece);
        _client = new PrometheusClient(http, options with { MaxCatchUp = TimeSpan.Zero }, metrics, time, logger); // Nothing waits for notes to end.
    }

    public Piece Piece { get; } = new();

    /// <summary>How far before a piece its first windows read back.</summary>
    internal static TimeSpan Overlap(PollingOptions options) =>
        (options.Interval * 2) + (options.Late > LiveSamples.Lookback ? options.Late : LiveSamples.Lookback);

    public async Task AdvanceAsync(DateTimeOffset start, DateTimeOffset last, CancellationToken cancel)
    {
        Forget((start - Overlap(_options)).ToUnixTimeMilliseconds());
        for (var attempt = 0; ;)
        {
            var windows = Math.Max(1, _length.Ticks / _options.Interval.Ticks);
            var until = start + (_options.Interval * windows) is var next && next < last ? next : last;
            if (await TryReadAsync(start, until, cancel) is not { } failure)
            {
                Finish(start, until);
                return;
            }

            // A shorter piece may be answered where a longer one is not.
            var isTooLong = failure.Reason is FailureReason.Timeout or FailureReason.TooLarge or FailureReason.Limit;
            if (isTooLong && until - start > _options.Interval) _length = (until - start) / 2;
            else if (!_hasRead || attempt == Waits.Count || isTooLong) throw Unreadable(failure, until);
            else await Task.Delay(Waits[attempt++], _time, cancel);
        }
    }

    private async Task<QueryFailure?> TryReadAsync(DateTimeOffset start, DateTimeOffset until, CancellationToken cancel)
    {
        // No earlier piece holds the samples before the very first window.
        var after = _hasRead ? start : start - Overlap(_options);
        var range = LiveSamples.Duration(until - after);
        _client.Notes.BeginWindow();
        foreach (var metric in Piece.Metrics)
        {
            var raw = RawMetric.All.FirstOrDefault(raw => raw.Name == metric);
            var query = raw is null ? $"{metric}[{range}]" : $"{LiveSamples.Selector(raw, _options.Matchers)}[{range}]";
            var recorder = new Recorder(this, _series[metric], after.ToUnixTimeMilliseconds());
            if (await _client.QueryAsync(query, until, recorder, cancel) is { } failure) return failure;
        }

        _client.Notes.EndWindow();
        Piece.Says(_client.Notes.Shown);
        return null;
    }

    /// <summary>Makes room for the next piece: what its windows do not read any more is forgotten.</summary>
    private void Forget(long until)
    {
        foreach (var series in _series.Values)
        {
            foreach (var (key, one) in series)
            {
                one.ForgetUntil(until);
                one.IsNew = false;
                if (one.Samples.IsEmpty) series.Remove(key);
            }
        }
    }

    private void Finish(DateTimeOffset start, DateTimeOffset until)
    {
        var read = 0L;
        foreach (var (metric, series) in _series)
        {
            foreach (var (key, one) in series)
            {
                var samples = one.Samples[one.CountUntil(start.ToUnixTimeMilliseconds())..];
                read += samples.Length;
                foreach (var sample in samples) Piece.Has(sample.Milliseconds);
                if (one.IsNew && metric != Piece.Up) _seen.Add(key);
            }

            Piece.Set(metric, [.. series.Values]);
        }

        (_hasRead, Piece.SamplesRead, Piece.SeriesRead) = (true, Piece.SamplesRead + read, _seen.Count);
        Piece.Move(start, until);
        var fitting = read == 0 ? LongestPiece : (until - start) * ((double)_samplesAtOnce / read);
        var longest = _length * 4 < LongestPiece ? _length * 4 : LongestPiece;
        _length = fitting < longest ? fitting : longest;
    }

    private HistoryException Unreadable(QueryFailure failure, DateTimeOffset until) => new(
        $"the samples up to {until:yyyy-MM-dd HH:mm:ss}Z cannot be read from {_options.Url.GetLeftPart(UriPartial.Path)}: "
        + $"{failure.Reason.LabelValue()}: {failure.Message} (the query was {failure.Query})");

    /// <summary>Adds the samples of an answer to the series that are known already.</summary>
    /// <param name="after">Samples up to here are known. Prometheus 2 sends the one on the left edge again.</param>
    private sealed class Recorder(ServerHistory history, Dictionary<ulong, RecordedSeries> series, long after) : ISeriesSink
    {
        public void Restart()
        {
            foreach (var (key, one) in series)
            {
                one.ForgetAfter(after);
                if (one.Samples.IsEmpty) series.Remove(key);
            }
        }

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            var key = history._hash.Compute(labels);
            if (!series.TryGetValue(key, out var one)) series.Add(key, one = new RecordedSeries(labels.ToArray()));
            foreach (var sample in samples)
            {
                if (sample.Milliseconds > after) one.Add(sample);
            }
        }
    }
}
