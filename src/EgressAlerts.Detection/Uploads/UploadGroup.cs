using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What a workload sends to one group of destinations: this hour, today, and what is usual. Three things may fire: the bytes of an hour, what
/// adds up from day to day, and the number of small requests.</summary>
internal sealed class UploadGroup
{
    /// <summary>Less than a kibibyte an hour is treated as 0.</summary>
    private const double Unit = 1024;

    /// <summary>The mean size up to which requests count as small. Larger ones show in the bytes.</summary>
    private const double SmallRequest = 1024;

    /// <summary>So many more spreads are usual for requests, because retries multiply them.</summary>
    private const int ForRetries = 2;

    /// <summary>So many days that were too much, with a standard deviation of at most this part of their mean, may be the new level.</summary>
    private const int LevelDays = 7;
    private const double LevelSpread = 0.3;

    /// <summary>At least so long after a report, up to so many times as much is a repetition of it.</summary>
    private const int RepeatedHours = 5 * 24;
    private const double RepeatedTimes = 1.5;

    /// <summary>Its place in <see cref="UploadHours"/>; 0 where it has none yet.</summary>
    public int Number { get; set; }

    /// <summary>The hour in which the workload began to send to it, counted from the epoch; 0 where that was before the workload was learned.</summary>
    public long Begun { get; set; }

    /// <summary>What new groups got. Only the group of all destinations together has it; null while there was none.</summary>
    public FreshGroups? Fresh { get; set; }

    public SeasonalSeries Hourly { get; init; } = new();

    public DailySums? Daily { get; set; }

    /// <summary>Small requests; null while there were never enough to remember.</summary>
    public SeasonalSeries? Requests { get; set; }

    /// <summary>The bytes of the latest days in a row that were too much, at most seven.</summary>
    public List<float> Level { get; init; } = [];

    /// <summary>Whether anything was too much on this day.</summary>
    public bool IsTooMuchToday { get; set; }

    /// <summary>The bytes of this hour.</summary>
    [JsonIgnore]
    public double Hour { get; set; }

    /// <summary>Requests, and connections that ended, of this hour. Those that never reached a server are left out.</summary>
    [JsonIgnore]
    public double Count { get; set; }

    /// <summary>The bytes of this day before this hour.</summary>
    public double DayBefore { get; set; }

    /// <summary>The bytes before this hour, halved after each day.</summary>
    public double WeightBefore { get; set; }

    public double Day => DayBefore + Hour;

    /// <summary>Where there is no room for all groups, the lightest is forgotten.</summary>
    public double Weight => WeightBefore + Hour;

    /// <summary>The most of what fires, and the hour in which it began; null while nothing fires.</summary>
    public UploadReport? Peak { get; set; }

    /// <summary>The most of the last finding that was not <see cref="IsRepeated"/>, and the hour in which it ended; null where there was none.</summary>
    public UploadReport? Reported { get; set; }

    /// <summary>What adds up from day to day.</summary>
    [JsonIgnore]
    public FiringState Drip { get; } = new();

    public DateTimeOffset DripSince { get => Drip.Since; set => Drip.Since = value; }

    public DateTimeOffset DripLast { get => Drip.Last; set => Drip.Last = value; }

    public double DripExcess { get; set; }

    public double DripAllowance { get; set; }

    /// <summary>The most that one destination got in one window of this hour, or of the finding.</summary>
    [JsonIgnore]
    public double TopUpload { get; set; }

    /// <summary>The destination that got it.</summary>
    public string Top { get; set; } = LabelValues.Unknown;

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)] // It begins with a value that is not the first of its type.
    public NameSource TopSource { get; set; } = NameSource.Unknown;

    public bool Confirmed { get; set; }

    /// <summary>Whether something in it was met only after the workload had been learned.</summary>
    public bool IsLater { get; set; }

    /// <summary>Whether bytes fire, and not small requests alone.</summary>
    public bool AreBytesFiring => Hourly.IsFiring || Drip.IsFiring;

    public bool IsFiring => AreBytesFiring || Requests is { IsFiring: true };

    /// <summary>When the first of what fires began; the default value where nothing does.</summary>
    public DateTimeOffset Since =>
        ((FiringState?[])[Hourly, Drip, Requests]).Where(state => state is { IsFiring: true }).Select(state => state!.Since).DefaultIfEmpty().Min();

    /// <summary>Whether somebody answers for the name of what got most. A reverse name says whose address it is, not who rents it.</summary>
    private bool IsVouchedFor => Confirmed && TopSource != NameSource.Ptr;

    /// <summary>Whether it has been about as much for a week, and goes to a confirmed destination that the workload always sent something to. Only a
    /// person can say whether that is the new usual level.</summary>
    public bool IsNewLevel => IsVouchedFor && !IsLater && Level.Count == LevelDays && Level.Average() is var mean
        && Math.Sqrt(Level.Average(day => (day - mean) * (day - mean))) <= LevelSpread * mean;

    /// <summary>Whether about as much was reported days ago, and goes to a confirmed destination: it may be a job of each week or month.</summary>
    public bool IsRepeated => IsVouchedFor && Requests is not { IsFiring: true } && Peak is { } peak && Reported is { } reported
        && peak.Hour - reported.Hour >= RepeatedHours && peak.InHour <= RepeatedTimes * reported.InHour && peak.OnDay <= RepeatedTimes * reported.OnDay;

    /// <returns>Whether more than the sums has changed.</returns>
    public bool Add(FlowActivity activity, bool isLater)
    {
        var before = (Top, TopSource, Confirmed, IsLater);
        Hour += activity.Upload;
        Count += activity.Count - activity.Failed;
        IsLater |= isLater;
        if (activity.Upload > TopUpload)
        {
            var to = activity.Destination;
            (TopUpload, Top, TopSource, Confirmed) = (activity.Upload, to.Name, to.Source, to.Confirmed);
        }

        return before != (Top, TopSource, Confirmed, IsLater);
    }

    /// <summary>What a group has got leaves the sums of which it was a part.</summary>
    public void Take(UploadGroup part)
    {
        (Hour, Count, DayBefore) = (Math.Max(0, Hour - part.Hour), Math.Max(0, Count - part.Count), Math.Max(0, DayBefore - part.DayBefore));
        WeightBefore = Math.Max(0, WeightBefore - part.WeightBefore);
    }

    /// <summary>Compares bytes with what is usual. They are the group's own, less what other findings explain.</summary>
    /// <param name="fresh">How many bytes a new group may get in an hour and on a day, where that is more than the floors.</param>
    /// <param name="atHour">The hour that goes on, counted from the epoch.</param>
    /// <param name="hour">The bytes of this hour.</param>
    /// <param name="day">The bytes of this day.</param>
    /// <returns>Whether more than the sums has changed.</returns>
    public bool Evaluate(UploadSpikeOptions options, (double Hour, double Day) fresh, long atHour, double hour, double day, DateTimeOffset now)
    {
        var (isTooMuch, floor) = (false, Math.Max(options.Floor, fresh.Hour));
        if (hour > floor && Hourly.Expected(atHour, floor, options.Deviations) is { } usual && hour > usual.Limit)
        {
            Hourly.Fire(now, hour, usual);
            isTooMuch = true;
        }

        if (Daily?.Excess(atHour / 24, day, Math.Max(options.DailyFloor, fresh.Day)) is { } drip && drip.Excess > drip.Limit)
        {
            Drip.Fire(now);
            (DripExcess, DripAllowance, isTooMuch) = (drip.Excess, drip.Allowance, true);
            Daily.Flag(atHour / 24);
        }

        IsTooMuchToday |= isTooMuch;
        return (IsFiring && TryRaisePeak(atHour, hour, day)) || isTooMuch;
    }

    /// <summary>Compares the number of small requests with what is usual.</summary>
    /// <returns>Whether they are too many.</returns>
    public bool EvaluateRequests(UploadSpikeOptions options, long atHour, DateTimeOffset now)
    {
        if (Count <= options.RequestFloor || Hour > Count * SmallRequest) return false;
        Requests ??= new();
        if (Requests.Expected(atHour, options.RequestFloor, options.Deviations + ForRetries) is not { } usual || Count <= usual.Limit) return false;
        Requests.Fire(now, Count, usual);
        return true;
    }

    /// <summary>Compares the bytes of a workload that came late, and is not learned yet, with a fixed limit.</summary>
    /// <returns>Whether they are too much.</returns>
    public bool EvaluateUnlearned(double limit, DateTimeOffset now)
    {
        if (!IsLater || Hour <= limit) return false;
        Hourly.Fire(now, Hour, new Expectation(0, limit, 0));
        return true;
    }

    /// <returns>Whether anything has ended.</returns>
    public bool TryEnd(DateTimeOffset now, TimeSpan quiet, TimeSpan dripQuiet)
    {
        var hasEnded = Hourly.TryEnd(now, quiet) | Drip.TryEnd(now, dripQuiet) | (Requests?.TryEnd(now, quiet) ?? false);
        if (!hasEnded || IsFiring || Peak is not { } peak) return hasEnded;
        if (!IsRepeated) Reported = peak with { Hour = Hours.Of(now) };
        Peak = null;
        return true;
    }

    /// <summary>Closes an hour, and the day with it where the next hour is of another one.</summary>
    /// <param name="next">The hour that begins.</param>
    /// <param name="watched">For how long before this hour somebody has watched.</param>
    /// <returns>False where nothing of the group is worth remembering.</returns>
    public bool CloseHour(long hour, long next, UploadSpikeOptions options, TimeSpan watched, TimeSpan memory)
    {
        Hourly.CloseHour(Unit, hour, Hour, worth: options.Floor / 100, (int)watched.TotalHours);
        var many = options.RequestFloor / 10;
        if (Requests is null && Count >= many && Hour <= Count * SmallRequest) Requests = new();
        Requests?.CloseHour(unit: 1, hour, Count, many, (int)watched.TotalHours);
        if (Requests is { } requests && requests.IsForgotten(next, memory)) Requests = null;
        if (Hourly.Baseline is not null) Daily ??= new DailySums(hour / 24, (int)watched.TotalDays);
        (DayBefore, WeightBefore, Hour, Count) = (Day, Weight, 0, 0);
        if (next / 24 != hour / 24) CloseDay(hour / 24, options);
        if (!IsFiring) TopUpload = 0;
        return IsFiring || Requests is not null || !Hourly.IsForgotten(next, memory);
    }

    private void CloseDay(long day, UploadSpikeOptions options)
    {
        Daily?.CloseDay(day, DayBefore, options.DailyFloor);
        if (!IsTooMuchToday) Level.Clear();
        else if (Level.Count == LevelDays) Level.RemoveAt(0);
        if (IsTooMuchToday) Level.Add((float)DayBefore);
        (IsTooMuchToday, DayBefore, WeightBefore) = (false, 0, WeightBefore / 2);
    }

    private bool TryRaisePeak(long atHour, double hour, double day)
    {
        var before = Peak;
        Peak = Peak is { } peak ? peak with { InHour = Math.Max(peak.InHour, hour), OnDay = Math.Max(peak.OnDay, day) } : new(atHour, hour, day);
        return Peak != before;
    }
}

/// <param name="Hour">The hour in which it began or ended, counted from the epoch.</param>
/// <param name="InHour">The most bytes in an hour.</param>
/// <param name="OnDay">The most bytes on a day.</param>
internal sealed record UploadReport(long Hour, double InHour, double OnDay);
