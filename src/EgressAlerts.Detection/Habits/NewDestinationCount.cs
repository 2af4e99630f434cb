namespace EgressAlerts.Detection;

/// <summary>How many destinations a workload talked to for the first time: in the last eight hours, and on each of the last 28 days.</summary>
/// <remarks>Too many within eight hours are more than <c>max(floor, 2 × the worst day)</c>; while fewer than three days are known,
/// <c>5 × max(floor, the worst day)</c>. Many workloads meet some every day, but many on a calm day are a slow scan.</remarks>
/// <example>The floor is 20, and the worst day had 14 new destinations. So 28 within eight hours are usual, and 29 are a finding. A day with 40 then
/// counts as one with 14, so that a scan does not hide the next one.</example>
internal sealed class NewDestinationCount : DayMaxima
{
    private const int LastHours = 8;
    private const int LeastDays = 3;
    private const int EarlyFactor = 5;
    private const int WorstDays = 2;

    private readonly FiringState _firing = new();

    /// <summary>How many were new in each of the last eight hours. The place of an hour is its number modulo eight.</summary>
    public int[] Hours
    {
        get;
        init => field = value is { Length: LastHours } ? value : throw new FormatException($"{LastHours} hours are needed");
    } = new int[LastHours];

    /// <summary>The limit that this day exceeded; 0 where it did not.</summary>
    public int UsualToday { get; set; }

    /// <inheritdoc cref="FiringState.Since"/>
    public DateTimeOffset Since { get => _firing.Since; set => _firing.Since = value; }

    /// <inheritdoc cref="FiringState.Last"/>
    public DateTimeOffset Last { get => _firing.Last; set => _firing.Last = value; }

    /// <summary>The most within eight hours since it fires.</summary>
    public int Most { get; set; }

    /// <summary>The limit at that time.</summary>
    public int Usual { get; set; }

    /// <summary>Whether the limit came from what the workload does, and not from the floor alone.</summary>
    public bool IsUsual(int floor) => Usual != floor && Usual != EarlyFactor * floor;

    public FiringState Firing => _firing;

    /// <summary>How many were new in the last eight hours.</summary>
    public int Recent => Hours.Sum();

    /// <summary>Whether some come every day.</summary>
    public bool IsDaily => Days.Count >= LeastDays && Days.Average() >= 1;

    public void Add(long hour)
    {
        Advance(hour);
        Hours[hour % LastHours]++;
        Today++;
    }

    /// <summary>Called in each window, so that days without new destinations are known too.</summary>
    /// <param name="floor">So many are never too many.</param>
    /// <returns>Whether anything has changed.</returns>
    public bool Evaluate(long hour, int floor, TimeSpan quiet, DateTimeOffset now)
    {
        var isNewHour = Hour < hour;
        Advance(hour);
        var (count, limit) = (Recent, (int)(Days.Count < LeastDays ? EarlyFactor * Math.Max(floor, Worst) : Math.Max(floor, WorstDays * Worst)));
        if (count <= limit) return _firing.TryEnd(now, quiet) || isNewHour;
        if (_firing.Fire(now)) Most = 0;
        UsualToday = limit;
        if (count > Most) (Most, Usual) = (count, limit);
        return true;
    }

    private void Advance(long hour) => Advance(
        hour,
        next => Hours[next % LastHours] = 0,
        () =>
        {
            if (UsualToday > 0) Today = Math.Min(Today, UsualToday / WorstDays);
            UsualToday = 0;
        });
}
