namespace EgressAlerts.Polling;

/// <summary>Hands the series of one of Istio's metrics to the tracker, classified. Hot code.</summary>
internal sealed class TrackerSink(RawMetric raw, CounterTracker tracker, TargetLabels targets, Classifier classifier, TelemetrySurvey survey) : IKeyedSink
{
    private readonly KnownCounters _known = tracker.Known;

    public bool HasSeries { get; private set; }

    public void Restart() => tracker.RestartQuery();

    public void Keep() => tracker.BeginQuery();

    public ulong KeyOf(ReadOnlySpan<byte> labels) => _known.KeyOf(labels);

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => Series(KeyOf(labels), labels, samples);

    public void Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        HasSeries = true;
        var row = _known.Series.Find(key);
        var isUnknown = row == KeyedTable<RawSeries>.None;
        if (isUnknown || !_known.IsClassified(row))
        {
            var read = LabelReader.Read(labels);
            if (isUnknown) row = _known.Add(labels, read, targets.Find(read));
            if (!_known.IsClassified(row)) _known.Classify(row, classifier.Classify(raw, read));
            survey.Offer(tracker, row, read);
        }

        tracker.Observe(row, samples);
    }
}
