namespace EgressAlerts.Polling;

/// <summary>Collects the series of an answer for a page.</summary>
internal sealed class RangeSink : ISeriesSink
{
    public const int MaxSeries = 1_000;
    public const int MaxPoints = 50_000;

    private readonly List<HistorySeries> _series = [];
    private int _points;

    public IReadOnlyList<HistorySeries> Series => _series;

    /// <summary>Whether there was more than a page can show.</summary>
    public bool IsFull { get; private set; }

    public void Restart()
    {
        _series.Clear();
        (_points, IsFull) = (0, false);
    }

    void ISeriesSink.Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        IsFull |= _series.Count == MaxSeries || _points + samples.Length > MaxPoints;
        if (IsFull) return;
        var points = new List<HistoryPoint>(samples.Length);
        foreach (var sample in samples)
        {
            if (double.IsFinite(sample.Value)) points.Add(new(DateTimeOffset.FromUnixTimeMilliseconds(sample.Milliseconds), sample.Value));
        }

        _points += points.Count;
        _series.Add(new(LabelReader.Read(labels), points));
    }
}
