namespace EgressAlerts.Detection;

/// <summary>One value for each of the last 28 days, and the value of the day that goes on.</summary>
internal class DayMaxima
{
    public const int MostDays = 28;

    /// <summary>The hour that goes on, counted from the epoch; 0 before the first.</summary>
    public long Hour { get; set; }

    /// <summary>The value of this day so far.</summary>
    public double Today { get; set; }

    /// <summary>The values of the days before, the latest last.</summary>
    public List<double> Days { get; init; } = [];

    /// <summary>The largest of the days before; 0 where there is none.</summary>
    public double Worst => Days.Count == 0 ? 0 : Days.Max();

    public void CloseDay()
    {
        Days.Add(Today);
        if (Days.Count > MostDays) Days.RemoveAt(0);
        Today = 0;
    }

    /// <summary>Goes on to an hour. Hours and days in which nothing came are closed too.</summary>
    /// <param name="closeHour">Called for each hour that is over, with the number of the next one.</param>
    /// <param name="closeDay">Called for each day that is over, before its value joins the others.</param>
    protected void Advance(long hour, Action<long>? closeHour = null, Action? closeDay = null)
    {
        if (Hour == 0) Hour = hour;
        for (; Hour < hour; Hour++)
        {
            closeHour?.Invoke(Hour + 1);
            if ((Hour + 1) % 24 != 0) continue;
            closeDay?.Invoke();
            CloseDay();
        }
    }
}
