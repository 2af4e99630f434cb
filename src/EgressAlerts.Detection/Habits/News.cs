using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>How many destinations a workload met that it had never talked to: in the last eight hours, and on the worst day of four weeks.</summary>
/// <remarks>One new destination says little, because many workloads meet some every day. Their number says much: a slow scan is many on a calm day.</remarks>
internal sealed class News
{
    private const int LastHours = 8;
    private const int MostDays = 28;

    /// <summary>As long as fewer days are known, the worst of them may not be the worst there is.</summary>
    private const int LeastDays = 3;
    private const int EarlyFactor = 5;

    /// <summary>Twice its worst day is more than a workload ever did, with room for growth.</summary>
    private const int WorstDays = 2;

    /// <summary>The hour that goes on, counted from the epoch; 0 before the first.</summary>
    public long Hour { get; set; }

    /// <summary>Of each of the last eight hours how many were new, by the hour's number modulo eight.</summary>
    public int[] Hours
    {
        get;
        init => field = value is { Length: LastHours } ? value : throw new FormatException($"{LastHours} hours are needed");
    } = new int[LastHours];

    /// <summary>Of this day how many were new.</summary>
    public int Today { get; set; }

    /// <summary>How many would have been usual, where this day had too many; else 0.</summary>
    public int UsualToday { get; set; }

    /// <summary>Of the days before how many were new, the latest last; at most 28.</summary>
    public List<int> Days { get; init; } = [];

    /// <summary>When there became too many; the default value while there are not.</summary>
    public DateTimeOffset Since { get; set; }

    /// <summary>When there last were too many.</summary>
    public DateTimeOffset Last { get; set; }

    /// <summary>The most within eight hours since then.</summary>
    public int Most { get; set; }

    /// <summary>How many would have been usual then.</summary>
    public int Usual { get; set; }

    public bool IsFiring => Since != default;

    /// <summary>How many were new in the last eight hours.</summary>
    [JsonIgnore]
    public int Recent => Hours.Sum();

    /// <summary>Whether some come every day.</summary>
    [JsonIgnore]
    public bool IsUsual => Days.Count >= LeastDays && Days.Average() >= 1;

    public void Add(long hour)
    {
        Turn(hour);
        Hours[hour % LastHours]++;
        Today++;
    }

    /// <summary>Called in each window, so that days on which nothing was new are known too.</summary>
    /// <param name="floor">So many are never too many.</param>
    /// <returns>Whether anything has changed.</returns>
    public bool Judge(long hour, int floor, TimeSpan quiet, DateTimeOffset now)
    {
        var hasTurned = Hour < hour;
        Turn(hour);
        var (count, limit) = (Recent, Limit(floor));
        if (count > limit)
        {
            if (!IsFiring) (Since, Most) = (now, 0);
            (Last, UsualToday) = (now, limit);
            if (count > Most) (Most, Usual) = (count, limit);
            return true;
        }

        if (!IsFiring || now - Last < quiet) return hasTurned;
        Since = default;
        return true;
    }

    private int Limit(int floor)
    {
        var worst = Days.Count == 0 ? 0 : Days.Max();
        return Days.Count < LeastDays ? EarlyFactor * Math.Max(floor, worst) : Math.Max(floor, WorstDays * worst);
    }

    /// <summary>Time has gone on. A day that had too many counts as one that was usual: a scan does not hide the next one.</summary>
    private void Turn(long hour)
    {
        if (Hour == 0) Hour = hour;
        for (; Hour < hour; Hour++)
        {
            Hours[(Hour + 1) % LastHours] = 0;
            if ((Hour + 1) % 24 != 0) continue;
            Days.Add(UsualToday > 0 ? Math.Min(Today, UsualToday / WorstDays) : Today);
            if (Days.Count > MostDays) Days.RemoveAt(0);
            (Today, UsualToday) = (0, 0);
        }
    }
}
