using EgressAlerts.Model;

namespace EgressAlerts;

/// <summary>Cuts time into windows that end at multiples of the interval, the same on every replica.</summary>
internal sealed record WindowSchedule(TimeSpan Interval, TimeSpan Delay, TimeSpan MaxCatchUp)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(10);

    /// <summary>The window after <paramref name="lastEnd"/>, also when it is not due yet. Without a last one, the newest that is due.</summary>
    /// <returns><c>Skipped</c>: how many windows were passed over because they lie further back than the service may catch up.</returns>
    public (Window Window, long Skipped) Next(DateTimeOffset lastEnd, DateTimeOffset now)
    {
        if (lastEnd == default) return (Ending(Aligned(now - Delay)), 0);
        var end = Aligned(lastEnd) + Interval;
        var oldest = Aligned(now - Delay - MaxCatchUp);
        return end >= oldest ? (new Window(lastEnd, end), 0) : (Ending(oldest), (oldest - end).Ticks / Interval.Ticks);
    }

    /// <summary>How long until a window may be read.</summary>
    public TimeSpan UntilDue(Window window, DateTimeOffset now) => window.End + Delay - now;

    /// <summary>Whether a window that has been read ends in the future: this machine's clock was ahead when that happened.</summary>
    public static bool IsAhead(DateTimeOffset lastEnd, DateTimeOffset now) => lastEnd > now + ClockTolerance;

    private Window Ending(DateTimeOffset end) => new(end - Interval, end);

    private DateTimeOffset Aligned(DateTimeOffset at) => at.AddTicks(-(at.UtcTicks % Interval.Ticks)).ToUniversalTime();
}
