namespace EgressAlerts.Polling;

/// <summary>History from a file of OpenMetrics text with timestamps, as <c>promtool tsdb create-blocks-from openmetrics</c> takes it.</summary>
/// <remarks>All samples of Istio's counters and of <c>up</c> lie in memory at once. Other metrics are checked and passed over.</remarks>
public sealed class OpenMetricsFile : ISampleHistory
{
    /// <summary>The most bytes that the samples and labels may take.</summary>
    public const long MaxBytes = 512L << 20;

    private const int MaxLine = 1 << 20;

    private readonly PollingOptions _options;
    private readonly string _file;
    private readonly long _maxBytes;
    private readonly SeriesHash _hash = SeriesHash.Random();
    private readonly IReadOnlyList<LabelMatcher> _matchers;

    /// <summary>The series by the hash of its spelling in the file. Null where the series is not read.</summary>
    private readonly Dictionary<ulong, RecordedSeries?> _spelled = [];
    private readonly Dictionary<string, Dictionary<ulong, RecordedSeries>> _series =
        Piece.Metrics.ToDictionary(name => name, _ => new Dictionary<ulong, RecordedSeries>());

    private readonly HashSet<RecordedSeries> _seen = [];
    private long _bytes;
    private long _line;
    private bool _isWhole;

    private OpenMetricsFile(string file, PollingOptions options, long maxBytes)
    {
        (_file, _options, _maxBytes) = (file, options, maxBytes);
        _matchers = [.. options.Matchers.Select(LabelMatcher.Parse)];
    }

    public Piece Piece { get; } = new();

    /// <summary>The times of the first and the last sample. Null where no sample is read.</summary>
    public (DateTimeOffset First, DateTimeOffset Last)? Span { get; private set; }

    /// <exception cref="HistoryException">The file cannot be read, is too large, or is no OpenMetrics text; the message names the line.</exception>
    public static OpenMetricsFile Read(string file, PollingOptions options, long maxBytes = MaxBytes)
    {
        var history = new OpenMetricsFile(file, options, maxBytes);
        try
        {
            using var stream = File.OpenRead(file);
            history.Read(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HistoryException($"--input {file} cannot be read ({e.Message}): name a file of OpenMetrics text that this user may read", e);
        }

        return history;
    }

    public Task AdvanceAsync(DateTimeOffset start, DateTimeOffset last, CancellationToken cancel)
    {
        var windows = Math.Max(1, TimeSpan.FromHours(1).Ticks / _options.Interval.Ticks);
        var until = start + (_options.Interval * windows) is var next && next < last ? next : last;
        var back = (start - ServerHistory.Overlap(_options)).ToUnixTimeMilliseconds();
        var (from, to) = (start.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds());
        foreach (var (metric, all) in _series)
        {
            var active = all.Values.Where(series => series.CountUntil(to) > series.CountUntil(back)).ToList();
            foreach (var series in active)
            {
                series.IsNew = _seen.Add(series);
                if (series.IsNew && metric != Piece.Up) Piece.SeriesRead++;
                var samples = series.Samples[series.CountUntil(from)..series.CountUntil(to)];
                Piece.SamplesRead += samples.Length;
                foreach (var sample in samples) Piece.Has(sample.Milliseconds);
            }

            Piece.Set(metric, active);
        }

        Piece.Move(start, until);
        return Task.CompletedTask;
    }

    private void Read(Stream stream)
    {
        var buffer = new byte[MaxLine];
        var filled = 0;
        while (stream.Read(buffer, filled, buffer.Length - filled) is > 0 and var read)
        {
            filled += read;
            var used = 0;
            while (buffer.AsSpan(used, filled - used).IndexOf((byte)'\n') is >= 0 and var length)
            {
                Line(buffer.AsSpan(used, length));
                used += length + 1;
            }

            if (used == 0 && filled == buffer.Length)
            {
                _line++;
                throw Bad("the line is longer than 1 MiB");
            }

            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
        }

        if (filled > 0) Line(buffer.AsSpan(0, filled));
        if (!_isWhole)
            throw new HistoryException($"{_file}: the last line is not '# EOF', so a part of the file may be missing: write it anew, or add that line");
        var all = _series.Values.SelectMany(series => series.Values).ToList();
        if (all.Count == 0) return;
        DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        Span = (At(all.Min(series => series.Samples[0].Milliseconds)), At(all.Max(series => series.Samples[^1].Milliseconds)));
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        _line++;
        if (_isWhole) throw Bad("there is text after '# EOF'");
        if (line.SequenceEqual("# EOF"u8)) _isWhole = true;
        else if (line.StartsWith("#"u8)) Comment(line);
        else if (line.IsEmpty) throw Bad("the line is empty, which OpenMetrics does not allow");
        else SampleLine(line);
    }

    private void Comment(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("# TYPE "u8) && !line.StartsWith("# HELP "u8) && !line.StartsWith("# UNIT "u8))
            throw Bad("a comment is none of '# TYPE', '# HELP', '# UNIT' and '# EOF'");
    }

    private void SampleLine(ReadOnlySpan<byte> line)
    {
        var end = OpenMetricsLine.SeriesLength(line);
        if (end <= 0) throw Bad("the line does not begin with a metric's name and its labels");
        var key = _hash.Compute(line[..end]);
        if (!_spelled.TryGetValue(key, out var series)) _spelled.Add(key, series = Open(line[..end]));
        if (OpenMetricsLine.Sample(line[end..], out var wrong) is not { } sample) throw Bad(wrong);
        if (series is null) return;
        if (series.Samples is [.., var last] && sample.Milliseconds <= last.Milliseconds)
        {
            if (sample == last) return;
            throw Bad("the sample is not later than the one before it of the same series: sort the samples of each series by time");
        }

        var before = series.Size;
        series.Add(sample);
        Hold(series.Size - before);
    }

    /// <summary>Adds a series that the file has for the first time. Null where the series is not read.</summary>
    private RecordedSeries? Open(ReadOnlySpan<byte> text)
    {
        if (OpenMetricsLine.Labels(text, out var wrong) is not { } labels) throw Bad(wrong);
        Hold(48);
        if (!_series.TryGetValue(labels["__name__"], out var known)) return null;
        if (labels["__name__"] != Piece.Up && !_matchers.All(matcher => matcher.Matches(labels))) return null;
        var json = LabelJson.Write(labels);
        var key = _hash.Compute(json);
        if (known.TryGetValue(key, out var series)) return series; // It was spelled in another order before.
        known.Add(key, series = new RecordedSeries(json));
        Hold(series.Size);
        return series;
    }

    private void Hold(long bytes)
    {
        _bytes += bytes;
        if (_bytes <= _maxBytes) return;
        throw new HistoryException(
            $"{_file}:{_line}: the file holds more than fits into {_maxBytes >> 20} MiB of memory: turn it into blocks with "
            + "'promtool tsdb create-blocks-from openmetrics', let a Prometheus serve them as prometheus.url, and leave --input out");
    }

    private HistoryException Bad(string wrong) => new($"{_file}:{_line}: {wrong}");
}
