namespace EgressAlerts.Detection;

/// <summary>What a workload sent, on their first day, to groups of destinations that it began to send to. A workload that has a bucket for each customer
/// begins with a new one every few days. A new one is compared with those of the last 28 days.</summary>
/// <remarks>Usual is 1.5 times what the largest of at least three earlier groups got. What was too much is not learned.</remarks>
/// <example>Five new buckets got at most 250 MiB each in an hour of their first day. So 375 MiB an hour are usual for the next one.</example>
internal sealed class FreshGroups
{
    private const int MostGroups = 32;
    private const long RememberedHours = 28 * 24;

    /// <summary>For so many hours a group is new, and its hours are compared with those of others.</summary>
    private const int NewHours = 24;

    /// <summary>For so many hours its days are compared with the first days of others. After that its own are known.</summary>
    private const int NewDaysHours = 7 * 24;
    private const int LeastGroups = 3;
    private const double OfLargest = 1.5;

    /// <summary>The groups of the last four weeks, the latest last. Those that begin within one hour are one.</summary>
    public List<FreshGroup> Groups { get; init; } = [];

    /// <summary>Whether a group that began in an hour is new in another.</summary>
    public static bool IsNew(long begun, long hour) => begun > 0 && hour - begun < NewHours;

    /// <summary>An hour of a new group is over, and it was not too much.</summary>
    /// <param name="begun">The hour in which the group began, counted from the epoch.</param>
    /// <param name="bytes">The bytes of the hour.</param>
    /// <param name="day">The bytes of the day so far.</param>
    public void Learn(long begun, double bytes, double day)
    {
        Groups.RemoveAll(group => begun - group.Begun > RememberedHours);
        var at = Groups.FindIndex(group => group.Begun == begun);
        if (at >= 0) Groups[at] = new(begun, Math.Max(Groups[at].Hour, bytes), Math.Max(Groups[at].Day, day));
        else Groups.Add(new(begun, bytes, day));
        if (Groups.Count > MostGroups) Groups.RemoveAt(0);
    }

    /// <summary>How many bytes a group that began in an hour may get in this one, and on this day; 0 where too little is known. Other new groups do not
    /// count: several at once must not make room for each other.</summary>
    public (double Hour, double Day) Usual(long begun, long hour)
    {
        if (begun == 0 || hour - begun >= NewDaysHours) return default;
        var (count, most, mostOfDay) = (0, 0.0, 0.0);
        foreach (var group in Groups)
        {
            if (IsNew(group.Begun, hour) || hour - group.Begun > RememberedHours || group.Begun >= begun) continue;
            (count, most, mostOfDay) = (count + 1, Math.Max(most, group.Hour), Math.Max(mostOfDay, group.Day));
        }

        if (count < LeastGroups) return default;
        return (IsNew(begun, hour) ? OfLargest * most : 0, OfLargest * mostOfDay);
    }
}

/// <param name="Begun">The hour in which it began, counted from the epoch.</param>
/// <param name="Hour">The bytes of its largest hour.</param>
/// <param name="Day">The bytes of its first day, as far as they belong to one day.</param>
internal readonly record struct FreshGroup(long Begun, double Hour, double Day);
