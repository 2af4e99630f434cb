namespace EgressAlerts.Polling;

/// <summary>A part of the series of a metric that one query can read, or two halves of which each is a part.</summary>
/// <param name="matchers">What selects the part, beside the matchers that all queries have.</param>
/// <param name="from">The least name of a namespace that may be in the part.</param>
/// <param name="to">A text that sorts behind all names in the part. Null where there is none.</param>
internal sealed class QueryPart(IReadOnlyList<string> matchers, string from = "", string? to = null)
{
    /// <summary>VictoriaMetrics takes queries of 16 KiB.</summary>
    private const int MaxLength = 12 << 10;

    private DateTimeOffset _triedWhole;

    public IReadOnlyList<string> Matchers => matchers;

    /// <summary>Null where the part is read with one query.</summary>
    public (QueryPart Below, QueryPart Above)? Halves { get; private set; }

    /// <summary>The parts that are read with one query each. Together they have each series once.</summary>
    public IEnumerable<QueryPart> Leaves => Halves is { } halves ? halves.Below.Leaves.Concat(halves.Above.Leaves) : [this];

    /// <summary>Whether two single queries read the part, and have done so for so long that one may do by now.</summary>
    public bool IsDueWhole(DateTimeOffset now, TimeSpan every) => Halves is { Below.Halves: null, Above.Halves: null } && now - _triedWhole >= every;

    public bool MayHold(string name) => string.CompareOrdinal(name, from) >= 0 && (to is null || string.CompareOrdinal(name, to) < 0);

    /// <summary>Makes two halves of the part.</summary>
    /// <returns>False where the matchers would become too long. The part stays as it is then.</returns>
    public bool TrySplit(string cut, DateTimeOffset now)
    {
        var (below, above) = NamespaceCut.Matchers(cut);
        if (matchers.Sum(matcher => matcher.Length + 1) + above.Length > MaxLength) return false;
        Halves = (new([.. matchers, below], from, cut), new([.. matchers, above], cut, to));
        _triedWhole = now;
        return true;
    }

    /// <summary>One query could not read the part.</summary>
    public void StayInHalves(DateTimeOffset now) => _triedWhole = now;

    /// <summary>One query has read the part.</summary>
    public void Join() => Halves = null;
}
