namespace EgressAlerts.Detection;

/// <summary>A value that grows within each hour and is compared with what is usual in that hour of the week. It fires when it is more.</summary>
/// <remarks>An hour that was too much is learned as its median. So however long an attack goes on, it does not become usual.</remarks>
internal sealed class SeasonalSeries : FiringState
{
    /// <summary>What was usual in the hours that are over; null while no value was worth remembering.</summary>
    public SeasonalBaseline? Baseline { get; set; }

    /// <summary>The last hour that had anything, counted from the epoch.</summary>
    public long LastHour { get; set; }

    /// <summary>What is learned of this hour instead of its value, because that was too much.</summary>
    public double? Instead { get; set; }

    /// <summary>The most in an hour since it fires.</summary>
    public double Most { get; set; }

    /// <summary>What was usual in the hour with the most.</summary>
    public Expectation Usual { get; set; }

    /// <summary>What is usual in an hour; null while too little is known.</summary>
    /// <param name="floor">Up to this all is usual.</param>
    public Expectation? Expected(long hour, double floor, double deviations)
    {
        var expected = Baseline is null ? new Expectation(0, floor, 0) : Baseline.Expected(hour, deviations);
        return expected is { } found ? found with { Limit = Math.Max(floor, found.Limit) } : null;
    }

    public void Fire(DateTimeOffset now, double value, Expectation usual)
    {
        if (Fire(now)) Most = 0;
        if (value > Most) (Most, Usual) = (value, usual);
        Instead = usual.Median;
    }

    /// <param name="unit">Values at or below it are treated as 0.</param>
    /// <param name="hour">The hour that is over.</param>
    /// <param name="worth">A smaller value begins no baseline.</param>
    /// <param name="watched">For how many hours before this one somebody has watched. They are known to have had nothing.</param>
    public void CloseHour(double unit, long hour, double value, double worth, int watched)
    {
        if (Baseline is null && value >= worth) Baseline = new SeasonalBaseline(unit, hour, watched);
        Baseline?.Add(hour, Instead ?? value);
        if (value > 0) LastHour = hour;
        Instead = null;
    }

    /// <summary>Whether nothing here is worth remembering: it does not fire, and has no baseline, or had nothing within the memory.</summary>
    /// <param name="next">The hour that begins.</param>
    public bool IsForgotten(long next, TimeSpan memory) => !IsFiring && (Baseline is null || LastHour < next - memory.TotalHours);
}
