using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>A value that grows within each hour, held against what is usual, and whether it is more than that. An hour that was counts as a usual one: however long
/// it goes on, it does not become usual.</summary>
internal sealed class SeasonalSeries
{
    private (long Hour, double Floor, Expectation Expected)? _asked;

    /// <summary>What was usual in the hours that are over; null while there was nothing worth remembering.</summary>
    public SeasonalBaseline? Baseline { get; set; }

    /// <summary>The last hour that had anything, counted from the epoch.</summary>
    public long LastHour { get; set; }

    /// <summary>What is learned of this hour in place of its value, because that was too much.</summary>
    public double? Instead { get; set; }

    /// <summary>When it became too much; the default value while it is not.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When it last was too much.</summary>
    public DateTimeOffset Last { get; set; }

    /// <summary>The most it has had in an hour since then.</summary>
    public double Most { get; set; }

    /// <summary>What was usual in the hour in which it had the most.</summary>
    public Expectation Usual { get; set; }

    public bool IsFiring => Since != default;

    public bool HasBaseline => Baseline is not null;

    /// <summary>What is usual in an hour; null while too little is known.</summary>
    /// <param name="floor">Less than this is always usual.</param>
    public Expectation? Expected(long hour, double floor, double deviations)
    {
        if (_asked is { } known && known.Hour == hour && known.Floor == floor) return known.Expected;
        var expected = Baseline is null ? new Expectation(0, floor, 0) : Baseline.Expected(hour, deviations) is { } usual ? usual with { Limit = Math.Max(floor, usual.Limit) } : (Expectation?)null;
        if (expected is { } found) _asked = (hour, floor, found);
        return expected;
    }

    /// <summary>It is more than is usual.</summary>
    public void Flag(DateTimeOffset now, double value, Expectation usual)
    {
        if (!IsFiring) (Since, Most) = (now, 0);
        if (value > Most) (Most, Usual) = (value, usual);
        (Last, Instead) = (now, usual.Median);
    }

    /// <returns>Whether it has ended now.</returns>
    public bool TryEnd(DateTimeOffset now, TimeSpan quiet)
    {
        if (!IsFiring || now - Last < quiet) return false;
        Since = default;
        return true;
    }

    /// <summary>An hour is over.</summary>
    /// <param name="unit">Values at or below it count as 0.</param>
    /// <param name="worth">Smaller values are not worth remembering.</param>
    /// <param name="watched">For how many hours before this one somebody has watched.</param>
    public void Turn(double unit, long hour, double value, double worth, int watched)
    {
        if (Baseline is null && value >= worth) Baseline = new SeasonalBaseline(unit, hour, watched);
        Baseline?.Add(hour, Instead ?? value);
        if (value > 0) LastHour = hour;
        Instead = null;
    }

    /// <summary>Whether the first window of an hour finds nothing here to remember: it does not fire, and has no baseline, or nothing within the memory.</summary>
    public bool IsForgotten(long next, TimeSpan memory) => !IsFiring && (!HasBaseline || LastHour < next - memory.TotalHours);
}
