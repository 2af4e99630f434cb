namespace EgressAlerts.Backtest;

/// <summary>How much of the time there is data for.</summary>
internal sealed record Coverage(int Hours, int HoursWithData, IReadOnlyList<DayCoverage> Days)
{
    /// <param name="hasData">Whether there is any sample in the hour that begins at an instant.</param>
    public static Coverage Of(DateTimeOffset from, DateTimeOffset to, Func<DateTimeOffset, bool> hasData)
    {
        var first = from.AddTicks(-(from.UtcTicks % TimeSpan.TicksPerHour));
        var hours = Enumerable.Range(0, (int)Math.Ceiling((to - first).TotalHours)).Select(hour => first.AddHours(hour)).ToList();
        var days = hours.GroupBy(hour => DateOnly.FromDateTime(hour.UtcDateTime))
            .Select(day => new DayCoverage(day.Key, day.Count(), day.Count(hasData))).ToList();
        return new(hours.Count, days.Sum(day => day.HoursWithData), days);
    }
}

/// <summary>How many hours of a day, in UTC, are played, and for how many of these there is any sample.</summary>
internal sealed record DayCoverage(DateOnly Day, int Hours, int HoursWithData);
