namespace EgressAlerts.Detection;

/// <summary>Finds what drips: the excess of each day over what is usual for a day adds up (CUSUM), until it is too much. Learns nothing from days that were.</summary>
/// <remarks>Usual for a day is the median of up to 28 days and three spreads (MAD, at least a tenth of the median), or a quarter more than the same day of the week had once.</remarks>
internal sealed class DailySums
{
    private const int Days = 28;
    private const int LeastDays = 7;
    private const float Nothing = -1;

    private readonly float[] _days = new float[Days];
    private long _next;
    private double _excess;
    private long _excessSince;
    private float? _instead;
    private (long Day, (double Median, double Allowance)? Usual)? _asked;

    /// <param name="day">The first day to come, counted from the epoch.</param>
    /// <param name="empty">So many days before it had nothing in them.</param>
    public DailySums(long day, int empty)
    {
        _next = day;
        Array.Fill(_days, Nothing);
        for (var i = 1; i <= Math.Min(empty, Days); i++) _days[(day - i) % Days] = 0;
    }

    private DailySums(BinaryReader from)
    {
        (_next, _excess, _excessSince) = (from.ReadInt64(), from.ReadDouble(), from.ReadInt64());
        if (from.ReadBoolean()) _instead = from.ReadSingle();
        for (var i = 0; i < Days; i++) _days[i] = from.ReadSingle();
    }

    /// <summary>How much more than usual has added up with this day, and how much of it is too much; null while too little is known.</summary>
    /// <param name="floor">Less than this is never too much.</param>
    public (double Excess, double Limit, double Allowance)? Excess(long day, double today, double floor)
    {
        if (Usual(day) is not { } usual) return null;
        return (_excess + Math.Max(0, today - usual.Allowance), Math.Max(floor, usual.Median), usual.Allowance);
    }

    /// <summary>It is too much. This day, and those over which it added up, count as usual ones: however long it goes on, it does not become usual.</summary>
    public void Flag(long day)
    {
        if (_instead is not null || Usual(day) is not { } usual) return;
        (_instead, _asked) = ((float)usual.Median, null);
        for (var i = Math.Max(_excessSince, _next - Days); _excess > 0 && i < _next; i++) _days[i % Days] = Math.Min(_days[i % Days], _instead.Value);
    }

    /// <summary>A day is over.</summary>
    public void Turn(long day, double value, double floor)
    {
        if (day < _next) return;
        if (Usual(day) is { } usual)
        {
            var limit = Math.Max(floor, usual.Median);
            // No more than the limit is carried over, so that the excess of a day long ago does not last for ever.
            if (_excess == 0) _excessSince = day;
            _excess = Math.Clamp(_excess + value - usual.Allowance, 0, limit);
        }

        for (var i = Math.Max(_next, day - Days); i < day; i++) _days[i % Days] = Nothing;
        _days[day % Days] = _instead ?? (float)value;
        (_next, _instead, _asked) = (day + 1, null, null);
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_next);
        to.Write(_excess);
        to.Write(_excessSince);
        to.Write(_instead is not null);
        if (_instead is { } instead) to.Write(instead);
        foreach (var sum in _days) to.Write(sum);
    }

    public static DailySums Load(BinaryReader from) => new(from);

    /// <summary>Asked in each window, the same all day.</summary>
    private (double Median, double Allowance)? Usual(long day)
    {
        if (_asked?.Day != day) _asked = (day, UsualOf(day));
        return _asked.Value.Usual;
    }

    private (double Median, double Allowance)? UsualOf(long day)
    {
        var known = new List<double>(Days);
        for (var i = 1; i <= Days; i++)
        {
            if (day - i < _next && _days[(day - i) % Days] is var sum and not Nothing) known.Add(sum);
        }

        if (known.Count < LeastDays) return null;
        var median = Statistics.Median(known);
        var allowance = median + (3 * Math.Max(Statistics.Spread(known, median), median / 10));
        for (var i = 7; i <= Days; i += 7)
        {
            if (day - i < _next) allowance = Math.Max(allowance, _days[(day - i) % Days] * 1.25);
        }

        return (median, allowance);
    }
}
