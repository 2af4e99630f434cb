namespace EgressAlerts.Polling;

/// <summary>A span of the past, cut by marks. The counters are read at the marks, so what happened between two marks has no time of its own.</summary>
/// <param name="Step">The marks between the start and the end are the multiples of it. It divides a day, so no piece between two marks is in two days.</param>
public sealed record PastSpan(DateTimeOffset Start, DateTimeOffset End, TimeSpan Step)
{
    /// <summary>More marks make times more precise, and queries slower.</summary>
    private const int MostMarks = 60;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(3),
        TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1),
    ];

    /// <summary>The span before an instant. For example 14 days have a mark every six hours.</summary>
    public static PastSpan Before(DateTimeOffset end, TimeSpan length) =>
        new(end - length, end, Steps.FirstOrDefault(step => length / step <= MostMarks, Steps[^1]));

    public TimeSpan Length => End - Start;

    /// <summary>The first mark after the start.</summary>
    public DateTimeOffset FirstMark => new(Start.UtcTicks - (Start.UtcTicks % Step.Ticks) + Step.Ticks, TimeSpan.Zero);

    /// <summary>The last mark before the end.</summary>
    public DateTimeOffset LastMark => new(End.UtcTicks - 1 - ((End.UtcTicks - 1) % Step.Ticks), TimeSpan.Zero);

    /// <summary>The days of the span, in UTC.</summary>
    public int Days => DateOnly.FromDateTime(End.UtcDateTime).DayNumber - FirstDay.DayNumber + 1;

    public DateOnly FirstDay => DateOnly.FromDateTime(Start.UtcDateTime);
}
