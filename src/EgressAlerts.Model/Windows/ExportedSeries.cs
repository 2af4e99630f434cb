namespace EgressAlerts.Model;

/// <summary>The metric and the labels of one exported counter. A <see cref="CounterId"/> becomes one when its destination gets a name. Several addresses
/// can get the same name, so several ids can become the same key.</summary>
public readonly record struct SeriesKey(
    Metric Metric, Workload Source, string Destination, string Port, Route Route, Protocol Protocol, string ResponseCode = "", string ResponseFlags = "")
{
    /// <summary>The order of the counters of one workload and destination.</summary>
    public static int Order(in SeriesKey one, in SeriesKey other)
    {
        var order = one.Metric.CompareTo(other.Metric);
        if (order == 0) order = string.CompareOrdinal(one.Port, other.Port);
        if (order == 0) order = one.Route.CompareTo(other.Route);
        if (order == 0) order = one.Protocol.CompareTo(other.Protocol);
        if (order == 0) order = string.CompareOrdinal(one.ResponseCode, other.ResponseCode);
        return order != 0 ? order : string.CompareOrdinal(one.ResponseFlags, other.ResponseFlags);
    }
}

/// <summary>One exported counter. It is the same object in every snapshot for as long as it is exported.</summary>
public class CounterSeries(in SeriesKey key)
{
    private readonly SeriesKey _key = key;

    public ref readonly SeriesKey Key => ref _key;
}

/// <summary>One exported counter and its value at the end of a window.</summary>
public readonly record struct ExportedSeries(CounterSeries Series, double Value)
{
    public ref readonly SeriesKey Key => ref Series.Key;
}
