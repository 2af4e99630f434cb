namespace EgressAlerts.Detection;

/// <summary>What a workload sent, on their first day, to groups of destinations that it began to send to: who has a bucket for each customer begins with a new one
/// every few days. A new one is held against those before it.</summary>
/// <remarks>What was too much is not learned, so an attack makes no room for the next one.</remarks>
internal sealed class FreshGroups
{
    private const int MostGroups = 32;
    private const long Remembered = 28 * 24;

    /// <summary>So many hours a group is new.</summary>
    private const int NewHours = 24;

    /// <summary>So many hours a group's days are held against those of the others: then its own are known.</summary>
    private const int NewDaysHours = 7 * 24;

    /// <summary>Fewer groups say nothing about the next one.</summary>
    private const int LeastGroups = 3;

    /// <summary>So many times the largest is usual.</summary>
    private const double OfLargest = 1.5;

    /// <summary>Of the last four weeks, the latest last; what begins within one hour is one.</summary>
    public List<FreshGroup> Groups { get; init; } = [];

    /// <summary>Whether a group that began in an hour is new in another.</summary>
    public static bool IsNew(long begun, long hour) => begun > 0 && hour - begun < NewHours;

    /// <summary>An hour of a new group is over, and it was not too much.</summary>
    /// <param name="begun">The hour in which it began, counted from the epoch.</param>
    /// <param name="bytes">Of the hour.</param>
    /// <param name="day">Bytes of the day so far.</param>
    public void Learn(long begun, double bytes, double day)
    {
        Groups.RemoveAll(group => begun - group.Begun > Remembered);
        var at = Groups.FindIndex(group => group.Begun == begun);
        if (at >= 0) Groups[at] = new(begun, Math.Max(Groups[at].Hour, bytes), Math.Max(Groups[at].Day, day));
        else Groups.Add(new(begun, bytes, day));
        if (Groups.Count > MostGroups) Groups.RemoveAt(0);
    }

    /// <summary>How much a group that began in an hour may get in this one, and on this day; 0 where too little is known. Others that are new do not count:
    /// several at once must not make room for each other.</summary>
    public (double Hour, double Day) Usual(long begun, long hour)
    {
        if (begun == 0 || hour - begun >= NewDaysHours) return default;
        var (count, most, mostOfDay) = (0, 0.0, 0.0);
        foreach (var group in Groups)
        {
            if (IsNew(group.Begun, hour) || hour - group.Begun > Remembered || group.Begun >= begun) continue;
            (count, most, mostOfDay) = (count + 1, Math.Max(most, group.Hour), Math.Max(mostOfDay, group.Day));
        }

        if (count < LeastGroups) return default;
        return (IsNew(begun, hour) ? OfLargest * most : 0, OfLargest * mostOfDay);
    }
}

/// <param name="Begun">The hour in which it began, counted from the epoch.</param>
/// <param name="Hour">Bytes of its largest hour.</param>
/// <param name="Day">Bytes of its first day, as far as they belong to one day.</param>
internal readonly record struct FreshGroup(long Begun, double Hour, double Day);
