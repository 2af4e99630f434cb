using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Reads windows from a piece of history, exactly as <see cref="LiveSamples"/> reads them from a server. Hot code.</summary>
/// <remarks>Windows come in order of time. A series without a sample in a window costs one comparison.</remarks>
internal sealed class PieceSource(Piece piece) : ISampleSource
{
    private static readonly Task<QueryFailure?> Whole = Task.FromResult<QueryFailure?>(null);

    private readonly Dictionary<string, Place[]> _places = [];
    private readonly List<(byte[] Labels, List<RecordedSeries> Targets)> _jobs = [];
    private bool[] _targets = [];
    private bool _areTargetsTold;
    private int _number;

    public Task<QueryFailure?> JobsAsync(Window window, ISeriesSink sink, CancellationToken cancel)
    {
        Renew();
        sink.Restart();
        var until = (window.End - (window.Length * 2)).ToUnixTimeMilliseconds();
        var after = until - (long)LiveSamples.Lookback.TotalMilliseconds;
        foreach (var (labels, targets) in _jobs)
        {
            if (targets.Exists(target => WasUp(target, after, until))) sink.Series(labels, []);
        }

        return Whole;
    }

    /// <remarks>In most windows the targets are those of the window before. The sink knows these already.</remarks>
    public Task<QueryFailure?> TargetsAsync(Window window, TimeSpan back, ISeriesSink sink, CancellationToken cancel)
    {
        Renew();
        var (up, places) = (piece.SeriesOf(Piece.Up), _places[Piece.Up]);
        var changed = !_areTargetsTold;
        for (var i = 0; i < places.Length; i++)
        {
            var isThere = !Move(ref places[i], up[i], window, back).IsEmpty;
            changed |= isThere != _targets[i];
            _targets[i] = isThere;
        }

        if (!changed) return Whole;
        _areTargetsTold = true;
        sink.Restart();
        for (var i = 0; i < places.Length; i++)
        {
            if (_targets[i]) sink.Series(up[i].Labels, up[i].Samples[(places[i].End - 1)..places[i].End]);
        }

        return Whole;
    }

    public Task<QueryFailure?> SeriesAsync(RawMetric raw, Window window, TimeSpan back, IKeyedSink sink, CancellationToken cancel)
    {
        Renew();
        sink.Restart();
        var (series, places) = (piece.SeriesOf(raw.Name), _places[raw.Name]);
        for (var i = 0; i < places.Length; i++)
        {
            ref var place = ref places[i];
            if (place.IsEmptyUntil > window.End.ToUnixTimeMilliseconds()) continue;
            var samples = Move(ref place, series[i], window, back);
            if (samples.IsEmpty) continue;
            if (place.Key is not { } key) place.Key = key = sink.KeyOf(series[i].Labels);
            sink.Series(key, series[i].Labels, samples);
        }

        return Whole;
    }

    private static bool WasUp(RecordedSeries target, long after, long until)
    {
        var samples = target.Samples;
        for (var i = target.CountUntil(until) - 1; i >= 0 && samples[i].Milliseconds > after; i--)
        {
            if (samples[i].Value == 1) return true;
        }

        return false;
    }

    /// <summary>The samples of a series that a window reads.</summary>
    private static ReadOnlySpan<Sample> Move(ref Place place, RecordedSeries series, Window window, TimeSpan back)
    {
        var samples = series.Samples;
        var (after, until) = ((window.End - back).ToUnixTimeMilliseconds(), window.End.ToUnixTimeMilliseconds());
        while (place.Start < samples.Length && samples[place.Start].Milliseconds <= after) place.Start++;
        while (place.Start > 0 && samples[place.Start - 1].Milliseconds > after) place.Start--;
        place.End = Math.Max(place.End, place.Start);
        while (place.End < samples.Length && samples[place.End].Milliseconds <= until) place.End++;
        place.IsEmptyUntil = place.Start < place.End ? long.MinValue : place.End < samples.Length ? samples[place.End].Milliseconds : long.MaxValue;
        return samples[place.Start..place.End];
    }

    /// <summary>Begins anew with another piece.</summary>
    private void Renew()
    {
        if (_number == piece.Number) return;
        _number = piece.Number;
        foreach (var metric in Piece.Metrics) _places[metric] = new Place[piece.SeriesOf(metric).Count];
        (_targets, _areTargetsTold) = (new bool[_places[Piece.Up].Length], false);
        _jobs.Clear();
        foreach (var job in piece.SeriesOf(Piece.Up).GroupBy(up => LabelReader.Read(up.Labels).GetValueOrDefault("job", "")).Where(job => job.Key.Length > 0))
        {
            var labels = new SortedDictionary<string, string> { ["job"] = job.Key };
            _jobs.Add((LabelJson.Write(labels), [.. job]));
        }
    }

    /// <summary>Where in a series the last window's samples lie.</summary>
    private record struct Place(int Start, int End, ulong? Key)
    {
        /// <summary>Windows that end before this find nothing.</summary>
        public long IsEmptyUntil { get; set; }
    }
}
