using System.Text.Json.Serialization;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What a workload sends one group of destinations: this hour, today, and what is usual.</summary>
internal sealed class UploadGroup
{
    /// <summary>Less than a kibibyte an hour is nothing.</summary>
    private const double Unit = 1024;

    /// <summary>Its place in <see cref="UploadHours"/>; 0 where it has none yet.</summary>
    public int Number { get; set; }

    public SeasonalSeries Hourly { get; init; } = new();

    public DailySums? Daily { get; set; }

    /// <summary>Bytes of this hour.</summary>
    [JsonIgnore]
    public double Hour { get; set; }

    /// <summary>Bytes of the day before this hour.</summary>
    public double DayBefore { get; set; }

    /// <summary>Bytes before this hour, halved after each day.</summary>
    public double WeightBefore { get; set; }

    public double Day => DayBefore + Hour;

    /// <summary>What has most is kept longest.</summary>
    public double Weight => WeightBefore + Hour;

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

    public bool IsFiring => Hourly.IsFiring || DripSince != default;

    public DateTimeOffset Since => !Hourly.IsFiring ? DripSince : DripSince == default || Hourly.Since < DripSince ? Hourly.Since : DripSince;

    /// <returns>Whether more than the sums has changed.</returns>
    public bool Add(Traffic traffic)
    {
        Hour += traffic.Upload;
        if (traffic.Upload <= TopUpload) return false;
        var (before, to) = ((Top, TopSource, Confirmed), traffic.Destination);
        (TopUpload, Top, TopSource, Confirmed) = (traffic.Upload, to.Name, to.Source, to.Confirmed);
        return before != (Top, TopSource, Confirmed);
    }

    /// <param name="hour">Of the sums to judge: the group's own, less what other findings explain.</param>
    /// <returns>Whether it is too much.</returns>
    public bool Judge(UploadSpikeOptions options, long atHour, double hour, double day, DateTimeOffset now)
    {
        var isTooMuch = false;
        if (hour > options.Floor && Hourly.Expected(atHour, options.Floor, options.Deviations) is { } usual && hour > usual.Limit)
        {
            Hourly.Flag(now, hour, usual);
            isTooMuch = true;
        }

        if (Daily?.Excess(atHour / 24, day, options.DailyFloor) is not { } drip || drip.Excess <= drip.Limit) return isTooMuch;
        if (DripSince == default) DripSince = now;
        (DripLast, DripExcess, DripAllowance) = (now, drip.Excess, drip.Allowance);
        Daily.Flag(atHour / 24);
        return true;
    }

    /// <returns>Whether anything has ended.</returns>
    public bool TryEnd(DateTimeOffset now, TimeSpan quiet, TimeSpan dripQuiet)
    {
        var hasEnded = Hourly.TryEnd(now, quiet);
        if (DripSince == default || now - DripLast < dripQuiet) return hasEnded;
        DripSince = default;
        return true;
    }

    /// <summary>An hour is over, maybe a day with it.</summary>
    /// <param name="next">The hour that begins.</param>
    /// <param name="watched">For how long before this hour somebody has watched.</param>
    /// <returns>False where nothing of it is worth remembering.</returns>
    public bool Turn(long hour, long next, UploadSpikeOptions options, TimeSpan watched, TimeSpan memory)
    {
        var worth = options.Floor / 100;
        Hourly.Turn(Unit, hour, Hour, worth, (int)watched.TotalHours);
        if (Hourly.HasBaseline) Daily ??= new DailySums(hour / 24, (int)watched.TotalDays);
        (DayBefore, WeightBefore, Hour) = (Day, Weight, 0);
        if (next / 24 != hour / 24)
        {
            Daily?.Turn(hour / 24, DayBefore, options.DailyFloor);
            (DayBefore, WeightBefore) = (0, WeightBefore / 2);
        }

        if (!IsFiring) TopUpload = 0;
        return IsFiring || !Hourly.IsForgotten(next, memory);
    }
}
