namespace EgressAlerts.Polling;

/// <summary>Collects the values that the series of an answer have for one label.</summary>
/// <param name="most">Further values are passed over.</param>
internal sealed class LabelSink(string label, int most = int.MaxValue) : ISeriesSink
{
    public List<string> Values { get; } = [];

    /// <summary>Whether there was any series, with the label or without.</summary>
    public bool HasSeries { get; private set; }

    public void Restart()
    {
        Values.Clear();
        HasSeries = false;
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        HasSeries = true;
        if (Values.Count < most && LabelReader.Read(labels).TryGetValue(label, out var value)) Values.Add(value);
    }
}
