using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What a workload sends one group of destinations: this hour, today, and what is usual.</summary>
internal sealed class UploadGroup
{
    /// <summary>Less than a kibibyte an hour is nothing.</summary>
    private const double Unit = 1024;

    private double _topUpload;
    private bool _isNegligible = true;

    public SeasonalSeries Hourly { get; private init; } = new(Unit);

    public DailySums? Daily { get; private set; }

    public double Hour { get; private set; }

    public double Day { get; private set; }

    /// <summary>Bytes, half of what was there before after each day: what has most is kept longest.</summary>
    public double Weight { get; private set; }

    public DateTimeOffset DripSince { get; private set; }

    public DateTimeOffset DripLast { get; private set; }

    public double DripExcess { get; private set; }

    public double DripAllowance { get; private set; }

    /// <summary>The destination that got most in one window of this hour, or of the finding.</summary>
    public string Top { get; private set; } = Words.Unknown;

    public NameSource TopSource { get; private set; } = NameSource.Unknown;

    public bool Confirmed { get; private set; }

    public bool IsFiring => Hourly.IsFiring || DripSince != default;

    public DateTimeOffset Since => !Hourly.IsFiring ? DripSince : DripSince == default || Hourly.Since < DripSince ? Hourly.Since : DripSince;

    /// <summary>True where nothing of it is worth remembering.</summary>
    public bool IsForgettable => _isNegligible && !IsFiring;

    public void Add(Traffic traffic)
    {
        Hour += traffic.Upload;
        Day += traffic.Upload;
        Weight += traffic.Upload;
        if (traffic.Upload < _topUpload) return;
        (_topUpload, Top, TopSource, Confirmed) = (traffic.Upload, traffic.Destination.Name, traffic.Destination.Source, traffic.Destination.Confirmed);
    }

    /// <param name="hour">Of the sums to judge: the group's own, less what other findings explain.</param>
    public void Judge(UploadSpikeOptions options, long atHour, double hour, double day, DateTimeOffset now)
    {
        if (hour > options.Floor && Hourly.Expected(atHour, options.Floor, options.Deviations) is { } usual && hour > usual.Limit) Hourly.Flag(now, hour, usual);
        if (Daily?.Excess(atHour / 24, day, options.DailyFloor) is not { } drip || drip.Excess <= drip.Limit) return;
        if (DripSince == default) DripSince = now;
        (DripLast, DripExcess, DripAllowance) = (now, drip.Excess, drip.Allowance);
        Daily.Flag(atHour / 24);
    }

    public void End(DateTimeOffset now, TimeSpan quiet, TimeSpan dripQuiet)
    {
        Hourly.End(now, quiet);
        if (DripSince != default && now - DripLast >= dripQuiet) DripSince = default;
    }

    /// <summary>An hour is over, maybe a day with it.</summary>
    public void Turn(long hour, bool isNewDay, UploadSpikeOptions options, TimeSpan watched)
    {
        var worth = options.Floor / 100;
        _isNegligible = !Hourly.HasBaseline && Hour < worth;
        Hourly.Turn(hour, Hour, worth, (int)watched.TotalHours);
        if (Hourly.HasBaseline) Daily ??= new DailySums(hour / 24, (int)watched.TotalDays);
        if (isNewDay)
        {
            Daily?.Turn(hour / 24, Day, options.DailyFloor);
            (Day, Weight) = (0, Weight / 2);
        }

        Hour = 0;
        if (!IsFiring) _topUpload = 0;
    }

    public void Save(BinaryWriter to)
    {
        Hourly.Save(to);
        to.Write(Daily is not null);
        Daily?.Save(to);
        to.Write(Hour);
        to.Write(Day);
        to.Write(Weight);
        to.Write(DripSince);
        to.Write(DripLast);
        to.Write(DripExcess);
        to.Write(DripAllowance);
        to.Write(_topUpload);
        to.Write(Top);
        to.Write((byte)TopSource);
        to.Write(Confirmed);
        to.Write(_isNegligible);
    }

    public static UploadGroup Load(BinaryReader from)
    {
        var group = new UploadGroup { Hourly = SeasonalSeries.Load(Unit, from), Daily = from.ReadBoolean() ? DailySums.Load(from) : null };
        (group.Hour, group.Day, group.Weight, group.DripSince, group.DripLast) = (from.ReadDouble(), from.ReadDouble(), from.ReadDouble(), from.ReadInstant(), from.ReadInstant());
        (group.DripExcess, group.DripAllowance, group._topUpload, group.Top) = (from.ReadDouble(), from.ReadDouble(), from.ReadDouble(), from.ReadString());
        (group.TopSource, group.Confirmed, group._isNegligible) = ((NameSource)from.ReadByte(), from.ReadBoolean(), from.ReadBoolean());
        return group;
    }
}
