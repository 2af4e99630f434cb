using System.Text.Json.Serialization;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What a workload sends one group of destinations: this hour, today, and what is usual.</summary>
internal sealed class UploadGroup
{
    /// <summary>Less than a kibibyte an hour is nothing.</summary>
    private const double Unit = 1024;

    /// <summary>Larger requests show in the bytes.</summary>
    private const double SmallRequest = 1024;

    /// <summary>Retries multiply requests: so many spreads more of them are still usual.</summary>
    private const int ForRetries = 2;

    /// <summary>A level that has been too high for so many days, and varies by no more than this, may be the new usual one.</summary>
    private const int LevelDays = 7;
    private const double LevelSpread = 0.3;

    /// <summary>What was reported so long ago, and was no more than so many times less, is told again without an alarm.</summary>
    private const int ReportedHours = 5 * 24;
    private const double ReportedTimes = 1.5;

    /// <summary>Its place in <see cref="UploadHours"/>; 0 where it has none yet.</summary>
    public int Number { get; set; }

    /// <summary>The hour in which the workload began to send to it, counted from the epoch; 0 where that was before the workload was learned.</summary>
    public long Begun { get; set; }

    /// <summary>Of all destinations together: what new groups got. Null while there was none.</summary>
    public FreshGroups? Fresh { get; set; }

    public SeasonalSeries Hourly { get; init; } = new();

    public DailySums? Daily { get; set; }

    /// <summary>Small requests; null while there were never enough to remember.</summary>
    public SeasonalSeries? Requests { get; set; }

    /// <summary>Bytes of the latest days one after the other that were too much, at most seven.</summary>
    public List<float> Level { get; init; } = [];

    /// <summary>Whether anything was too much on this day.</summary>
    public bool IsTooMuchToday { get; set; }

    /// <summary>Bytes of this hour.</summary>
    [JsonIgnore]
    public double Hour { get; set; }

    /// <summary>Requests, and connections that ended, of this hour, less those that came to nothing.</summary>
    [JsonIgnore]
    public double Count { get; set; }

    /// <summary>Bytes of the day before this hour.</summary>
    public double DayBefore { get; set; }

    /// <summary>Bytes before this hour, halved after each day.</summary>
    public double WeightBefore { get; set; }

    public double Day => DayBefore + Hour;

    /// <summary>What has most is kept longest.</summary>
    public double Weight => WeightBefore + Hour;

    /// <summary>The most of what fires, and the hour in which it began; null while nothing does.</summary>
    public UploadReport? Peak { get; set; }

    /// <summary>The most of the last finding that was not <see cref="IsRepeated"/>, and the hour in which it ended; null where there was none.</summary>
    public UploadReport? Reported { get; set; }

    public DateTimeOffset DripSince { get; set; }

    public DateTimeOffset DripLast { get; set; }

    public double DripExcess { get; set; }

    public double DripAllowance { get; set; }

    /// <summary>The most that one destination got in one window of this hour, or of the finding.</summary>
    [JsonIgnore]
    public double TopUpload { get; set; }

    /// <summary>The destination that got it.</summary>
    public string Top { get; set; } = Words.Unknown;

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)] // It begins with one that is not the first.
    public NameSource TopSource { get; set; } = NameSource.Unknown;

    public bool Confirmed { get; set; }

    public bool IsFiring => Hourly.IsFiring || DripSince != default || Requests is { IsFiring: true };

    /// <summary>The first of what fires.</summary>
    public DateTimeOffset Since => ((DateTimeOffset[])[Hourly.Since, DripSince, Requests?.Since ?? default]).Where(since => since != default).DefaultIfEmpty().Min();

    /// <summary>Whether somebody answers for the name of what got most. A reverse name names whose address it is, not who rents it.</summary>
    private bool IsVouchedFor => Confirmed && TopSource != NameSource.Ptr;

    /// <summary>Whether it is as much as this day after day, and goes where somebody vouches for and the workload had always sent something: only a person can
    /// say whether that is the new usual level.</summary>
    public bool IsNewLevel => IsVouchedFor && !IsLater && Level.Count == LevelDays && Level.Average() is var mean
        && Math.Sqrt(Level.Average(day => (day - mean) * (day - mean))) <= LevelSpread * mean;

    /// <summary>Whether as much was reported before, days ago, and goes where somebody vouches for: a job that runs once a week or a month. Only a person can say whether it is wanted.</summary>
    public bool IsRepeated => IsVouchedFor && Requests is not { IsFiring: true } && Peak is { } peak && Reported is { } reported
        && peak.Hour - reported.Hour >= ReportedHours && peak.InHour <= ReportedTimes * reported.InHour && peak.OnDay <= ReportedTimes * reported.OnDay;

    /// <summary>Whether something in it was met only after the workload had been learned.</summary>
    public bool IsLater { get; set; }

    /// <returns>Whether more than the sums has changed.</returns>
    public bool Add(Traffic traffic, bool isLater)
    {
        var before = (Top, TopSource, Confirmed, IsLater);
        Hour += traffic.Upload;
        Count += traffic.Count - traffic.Failed;
        IsLater |= isLater;
        if (traffic.Upload > TopUpload)
        {
            var to = traffic.Destination;
            (TopUpload, Top, TopSource, Confirmed) = (traffic.Upload, to.Name, to.Source, to.Confirmed);
        }

        return before != (Top, TopSource, Confirmed, IsLater);
    }

    /// <param name="fresh">How much new groups may get in an hour and on a day, where that is more than the floors.</param>
    /// <param name="hour">Of the sums to judge: the group's own, less what other findings explain.</param>
    /// <returns>Whether more than the sums has changed.</returns>
    public bool Judge(UploadSpikeOptions options, (double Hour, double Day) fresh, long atHour, double hour, double day, DateTimeOffset now)
    {
        var (isTooMuch, floor) = (false, Math.Max(options.Floor, fresh.Hour));
        if (hour > floor && Hourly.Expected(atHour, floor, options.Deviations) is { } usual && hour > usual.Limit)
        {
            Hourly.Flag(now, hour, usual);
            isTooMuch = true;
        }

        if (Daily?.Excess(atHour / 24, day, Math.Max(options.DailyFloor, fresh.Day)) is { } drip && drip.Excess > drip.Limit)
        {
            if (DripSince == default) DripSince = now;
            (DripLast, DripExcess, DripAllowance, isTooMuch) = (now, drip.Excess, drip.Allowance, true);
            Daily.Flag(atHour / 24);
        }

        IsTooMuchToday |= isTooMuch;
        return (IsFiring && TryNote(atHour, hour, day)) || isTooMuch;
    }

    /// <summary>Judges the number of small requests.</summary>
    /// <returns>Whether they are too many.</returns>
    public bool JudgeRequests(UploadSpikeOptions options, long atHour, DateTimeOffset now)
    {
        if (Count <= options.RequestFloor || Hour > Count * SmallRequest) return false;
        Requests ??= new();
        if (Requests.Expected(atHour, options.RequestFloor, options.Deviations + ForRetries) is not { } usual || Count <= usual.Limit) return false;
        Requests.Flag(now, Count, usual);
        return true;
    }

    /// <summary>Judges what a workload sends that came when all others had been known for long, until enough is known of it.</summary>
    /// <returns>Whether it is too much.</returns>
    public bool JudgeEarly(double limit, DateTimeOffset now)
    {
        if (!IsLater || Hour <= limit) return false;
        Hourly.Flag(now, Hour, new Expectation(0, limit, 0));
        return true;
    }

    /// <returns>Whether anything has ended.</returns>
    public bool TryEnd(DateTimeOffset now, TimeSpan quiet, TimeSpan dripQuiet)
    {
        var hasEnded = Hourly.TryEnd(now, quiet) | (Requests?.TryEnd(now, quiet) ?? false);
        if (DripSince != default && now - DripLast >= dripQuiet) (DripSince, hasEnded) = (default, true);
        if (!hasEnded || IsFiring || Peak is not { } peak) return hasEnded;
        if (!IsRepeated) Reported = peak with { Hour = Hours.Of(now) };
        Peak = null;
        return true;
    }

    private bool TryNote(long atHour, double hour, double day)
    {
        var before = Peak;
        Peak = Peak is { } peak ? peak with { InHour = Math.Max(peak.InHour, hour), OnDay = Math.Max(peak.OnDay, day) } : new(atHour, hour, day);
        return Peak != before;
    }

    /// <summary>An hour is over, maybe a day with it.</summary>
    /// <param name="next">The hour that begins.</param>
    /// <param name="watched">For how long before this hour somebody has watched.</param>
    /// <returns>False where nothing of it is worth remembering.</returns>
    public bool Turn(long hour, long next, UploadSpikeOptions options, TimeSpan watched, TimeSpan memory)
    {
        var worth = options.Floor / 100;
        Hourly.Turn(Unit, hour, Hour, worth, (int)watched.TotalHours);
        var many = options.RequestFloor / 10;
        if (Requests is null && Count >= many && Hour <= Count * SmallRequest) Requests = new();
        Requests?.Turn(1, hour, Count, many, (int)watched.TotalHours);
        if (Requests is { } requests && requests.IsForgotten(next, memory)) Requests = null;
        if (Hourly.HasBaseline) Daily ??= new DailySums(hour / 24, (int)watched.TotalDays);
        (DayBefore, WeightBefore, Hour, Count) = (Day, Weight, 0, 0);
        if (next / 24 != hour / 24)
        {
            Daily?.Turn(hour / 24, DayBefore, options.DailyFloor);
            if (!IsTooMuchToday) Level.Clear();
            else if (Level.Count == LevelDays) Level.RemoveAt(0);
            if (IsTooMuchToday) Level.Add((float)DayBefore);
            IsTooMuchToday = false;
            (DayBefore, WeightBefore) = (0, WeightBefore / 2);
        }

        if (!IsFiring) TopUpload = 0;
        return IsFiring || Requests is not null || !Hourly.IsForgotten(next, memory);
    }
}

/// <param name="Hour">In which it began or ended, counted from the epoch.</param>
/// <param name="InHour">Bytes, the most in an hour.</param>
/// <param name="OnDay">Bytes, the most on a day.</param>
internal sealed record UploadReport(long Hour, double InHour, double OnDay);
