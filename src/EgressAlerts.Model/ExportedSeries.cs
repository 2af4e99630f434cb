namespace EgressAlerts.Model;

/// <summary>The identity of one exported counter.</summary>
public readonly record struct SeriesKey(Metric Metric, FlowLabels Labels, string ResponseCode, string ResponseFlags);

/// <summary>One exported counter and its value at the end of a window.</summary>
public readonly record struct ExportedSeries(SeriesKey Key, double Value);
