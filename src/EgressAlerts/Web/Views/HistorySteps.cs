namespace EgressAlerts.Web;

/// <summary>Chooses how much time each bar of a picture stands for.</summary>
internal static class HistorySteps
{
    /// <summary>A step holds at least so many windows. So it holds two scrapes of the counters also where they are scraped every fifth window.</summary>
    private const int LeastWindows = 10;

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1),
        TimeSpan.FromDays(7),
    ];

    /// <param name="most">The most bars.</param>
    /// <param name="interval">The length of a window.</param>
    public static TimeSpan For(TimeSpan length, int most, TimeSpan interval) =>
        Steps.FirstOrDefault(step => step >= LeastWindows * interval && length / step <= most, Steps[^1]);

    /// <summary>The end of the step in which an instant lies. The last bar of a picture then shows what the step that is not over has already.</summary>
    public static DateTimeOffset EndOfStep(DateTimeOffset at, TimeSpan step) => new(at.UtcTicks - (at.UtcTicks % step.Ticks) + step.Ticks, TimeSpan.Zero);
}
