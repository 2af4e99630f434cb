namespace EgressAlerts.Polling;

/// <summary>A query over a range of time: one value of each series for every step from the start to the end.</summary>
public sealed record HistoryQuery(string Query, DateTimeOffset Start, DateTimeOffset End, TimeSpan Step)
{
    /// <summary>Prometheus refuses a query with more steps.</summary>
    private const int MostSteps = 11_000;

    /// <summary>The same with a start and an end that are multiples of the step. So pages that ask a moment later ask for the same.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is shorter than a second, or there are more than 11,000.</exception>
    public static HistoryQuery Aligned(string query, DateTimeOffset start, DateTimeOffset end, TimeSpan step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(end, start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((end - start) / step, MostSteps);
        return new(query, Before(start, step), Before(end, step), step);
    }

    private static DateTimeOffset Before(DateTimeOffset at, TimeSpan step) => new(at.UtcTicks - (at.UtcTicks % step.Ticks), TimeSpan.Zero);
}

/// <summary>What Prometheus knows of a range of time.</summary>
/// <param name="Failure">Why there is no answer, as a sentence; empty where there is one. An answer without series is no failure.</param>
public sealed record HistoryAnswer(IReadOnlyList<HistorySeries> Series, string Failure)
{
    public static HistoryAnswer Failed(string why) => new([], why);
}

/// <summary>A series of an answer. Its points are in order of time, and each value is a finite number.</summary>
public sealed record HistorySeries(IReadOnlyDictionary<string, string> Labels, IReadOnlyList<HistoryPoint> Points);

/// <summary>A value at an instant.</summary>
public readonly record struct HistoryPoint(DateTimeOffset At, double Value);
