namespace EgressAlerts.Model;

/// <summary>The identity of one exported counter.</summary>
public readonly record struct SeriesKey(Metric Metric, FlowLabels Labels, string ResponseCode, string ResponseFlags);

/// <summary>One exported counter, the same object in every snapshot for as long as it is exported.</summary>
/// <param name="created">The end of the window from which it has counted.</param>
public class CounterSeries(SeriesKey key, DateTimeOffset created)
{
    private readonly SeriesKey _key = key;

    public ref readonly SeriesKey Key => ref _key;

    public DateTimeOffset Created => created;

    /// <summary>The exposition's own: the bytes of its line up to the value, written once. Only the pass's thread uses it.</summary>
    public byte[]? Line { get; set; }
}

/// <summary>One exported counter and its value at the end of a window.</summary>
public readonly record struct ExportedSeries(CounterSeries Series, double Value)
{
    public ref readonly SeriesKey Key => ref Series.Key;
}
