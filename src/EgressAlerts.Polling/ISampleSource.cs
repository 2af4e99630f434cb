using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Reads the samples of a window, from a server or from a piece of history in memory. Each method returns null, or why there is no complete
/// answer.</summary>
internal interface ISampleSource
{
    /// <summary>The jobs that were scraped with success before the window before this one. Each series has the label <c>job</c>.</summary>
    Task<QueryFailure?> JobsAsync(Window window, ISeriesSink sink, CancellationToken cancel);

    /// <summary>The <c>up</c> series of every target that was there within <paramref name="back"/> before the window's end.</summary>
    Task<QueryFailure?> TargetsAsync(Window window, TimeSpan back, ISeriesSink sink, CancellationToken cancel);

    /// <summary>The series of one of Istio's counters, with their raw samples within <paramref name="back"/> before the window's end.</summary>
    Task<QueryFailure?> SeriesAsync(RawMetric raw, Window window, TimeSpan back, IKeyedSink sink, CancellationToken cancel);
}
