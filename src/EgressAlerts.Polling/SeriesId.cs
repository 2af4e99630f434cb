namespace EgressAlerts.Polling;

/// <summary>128 bits that stand for a raw series' whole label set; made by <see cref="SeriesHash"/>.</summary>
internal readonly record struct SeriesId(ulong High, ulong Low);
