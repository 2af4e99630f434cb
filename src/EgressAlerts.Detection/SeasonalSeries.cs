using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>A value that grows within each hour, held against what is usual, and whether it is more than that. An hour that was counts as a usual one: however long
/// it goes on, it does not become usual.</summary>
/// <param name="unit">See <see cref="SeasonalBaseline"/>.</param>
internal sealed class SeasonalSeries(double unit)
{
    private SeasonalBaseline? _baseline;
    private (long Hour, double Floor, Expectation Expected)? _asked;
    private double? _instead;

    /// <summary>When it became too much; the default value while it is not.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>When it last was too much.</summary>
    public DateTimeOffset Last { get; private set; }

    /// <summary>The most it has had in an hour since then.</summary>
    public double Most { get; private set; }

    /// <summary>What was usual in the hour in which it had the most.</summary>
    public Expectation Usual { get; private set; }

    public bool IsFiring => Since != default;

    public bool HasBaseline => _baseline is not null;

    /// <summary>What is usual in an hour; null while too little is known.</summary>
    /// <param name="floor">Less than this is always usual.</param>
    public Expectation? Expected(long hour, double floor, double deviations)
    {
        if (_asked is { } known && known.Hour == hour && known.Floor == floor) return known.Expected;
        var expected = _baseline is null ? new Expectation(0, floor, 0) : _baseline.Expected(hour, deviations) is { } usual ? usual with { Limit = Math.Max(floor, usual.Limit) } : (Expectation?)null;
        if (expected is { } found) _asked = (hour, floor, found);
        return expected;
    }

    /// <summary>It is more than is usual.</summary>
    public void Flag(DateTimeOffset now, double value, Expectation usual)
    {
        if (!IsFiring) (Since, Most) = (now, 0);
        if (value > Most) (Most, Usual) = (value, usual);
        (Last, _instead) = (now, usual.Median);
    }

    public void End(DateTimeOffset now, TimeSpan quiet)
    {
        if (IsFiring && now - Last >= quiet) Since = default;
    }

    /// <summary>An hour is over.</summary>
    /// <param name="worth">Smaller values are not worth remembering.</param>
    /// <param name="watched">For how many hours before this one somebody has watched.</param>
    public void Turn(long hour, double value, double worth, int watched)
    {
        if (_baseline is null && value >= worth) _baseline = new SeasonalBaseline(unit, hour, watched);
        _baseline?.Add(hour, _instead ?? value);
        _instead = null;
    }

    public void Save(BinaryWriter to)
    {
        to.Write(Since);
        to.Write(Last);
        to.Write(Most);
        to.Write(Usual.Median);
        to.Write(Usual.Limit);
        to.Write(Usual.Hours);
        to.Write(_instead is not null);
        to.Write(_instead ?? 0);
        to.Write(HasBaseline);
        _baseline?.Save(to);
    }

    public static SeasonalSeries Load(double unit, BinaryReader from)
    {
        var series = new SeasonalSeries(unit)
        {
            Since = from.ReadInstant(),
            Last = from.ReadInstant(),
            Most = from.ReadDouble(),
            Usual = new(from.ReadDouble(), from.ReadDouble(), from.ReadInt32()),
        };
        var isFlagged = from.ReadBoolean();
        var instead = from.ReadDouble();
        if (isFlagged) series._instead = instead;
        if (from.ReadBoolean()) series._baseline = SeasonalBaseline.Load(unit, from);
        return series;
    }
}
