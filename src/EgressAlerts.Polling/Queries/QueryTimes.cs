namespace EgressAlerts.Polling;

/// <summary>Remembers how long the queries of a window took. Called by the pass alone. Anyone may read <see cref="Last"/>.</summary>
internal sealed class QueryTimes
{
    /// <summary>A window has about a dozen queries, and more where metrics are read in parts.</summary>
    private const int MaxQueries = 1000;

    private List<QueryTime> _now = [];
    private IReadOnlyList<QueryTime> _last = [];

    /// <summary>The queries of the last window, or of the last attempt at one, in their order.</summary>
    public IReadOnlyList<QueryTime> Last => Volatile.Read(ref _last);

    public void BeginWindow() => _now = [];

    public void Add(string query, TimeSpan time, QueryFailure? failure)
    {
        if (_now.Count < MaxQueries) _now.Add(new(query, time.TotalSeconds, failure is null ? "" : failure.Message));
    }

    public void EndWindow() => Volatile.Write(ref _last, _now);
}

/// <summary>A query to Prometheus, and how long its answer took.</summary>
/// <param name="Failure">Why there was no answer that counts; empty where there was one.</param>
public sealed record QueryTime(string Query, double Seconds, string Failure)
{
    /// <summary>The server that was asked; empty where there is only one.</summary>
    public string Server { get; init; } = "";
}
