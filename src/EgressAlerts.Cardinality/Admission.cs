using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Cardinality;

/// <summary>Decides which destinations get a place. Three quarters of the places go to whoever comes first. The rest is for destinations that are at risk or
/// carry much.</summary>
internal sealed class Admission
{
    /// <summary>When places are scarce, new names under a parent are rolled up from this many live names on.</summary>
    private const int RollUpFrom = 5;

    /// <summary>When places are scarce, a new destination must carry this many times the average of the workload's live destinations.</summary>
    private const double HeavyFrom = 2;

    /// <summary>A request or connection weighs as much as this many bytes.</summary>
    private const double WeightOfOne = 1024;

    private const string Current = "current";
    private const string Before = "before";

    private static readonly TimeSpan WantedPeriod = TimeSpan.FromDays(1);

    private static readonly Shape<Pair, (Fading Weight, Fading Error)> OverflowedShape = new(
        "folded_destination", Pair.Columns, pair => pair.Values, Pair.Of,
        ["weight", "error", "hour"],
        state => [state.Weight.Amount, state.Error.Amount, state.Weight.Hour],
        values => (new((double)values[0], (long)values[2]), new((double)values[1], (long)values[2])));

    private readonly Places _places;
    private readonly SpaceSaving<Pair> _overflowed;
    private readonly Table<string, DistinctCount> _wanted;
    private long _hour;

    /// <param name="now">The end of the last window before a restart; the default value where there was none.</param>
    public Admission(CardinalityOptions options, Places places, StoredState state, DateTimeOffset now, long promoted)
    {
        (_places, Promoted, _hour) = (places, promoted, Fading.HourOf(now));
        _wanted = state.Table(new Shape<string, DistinctCount>(
            "wanted_destinations", ["period"], period => [period], values => (string)values[0],
            ["registers"], count => [count.Registers], values => new() { Registers = (byte[])values[0] }));
        foreach (var period in (string[])[Current, Before])
        {
            if (!_wanted.Has(period)) _wanted.Put(period, new());
        }

        Rows<Pair, (Fading, Fading)> rows = null!;
        _overflowed = new(options.MaxSeries, Pair.Order, key => rows.Touch(key));
        (rows, var loaded, _) = state.Rows(OverflowedShape, Find);
        foreach (var (key, (weight, error)) in loaded) _overflowed.Restore(key, weight, error);

        bool Find(Pair key, out (Fading, Fading) found)
        {
            var known = _overflowed.Find(key);
            found = known.GetValueOrDefault();
            return known is not null;
        }
    }

    /// <summary>How many destinations have ever found a place after they had been summed in an overflow.</summary>
    public long Promoted { get; private set; }

    /// <summary>How many pairs of workload and destination had a place, or wanted one, within the last one to two days.</summary>
    public long Wanted => _places.Pairs + _wanted[Current].Estimate(_wanted[Before]);

    /// <summary>In bytes.</summary>
    public static double WeightOf(in Increment increment) =>
        increment.Metric is Metric.UploadBytes or Metric.DownloadBytes ? increment.Amount : increment.Amount * WeightOfOne;

    /// <summary>Forgets what was wanted more than one to two days ago.</summary>
    public void Advance(DateTimeOffset before, DateTimeOffset now)
    {
        _hour = Fading.HourOf(now);
        if (before == default || now.UtcTicks / WantedPeriod.Ticks <= before.UtcTicks / WantedPeriod.Ticks) return;
        _wanted.Put(Before, _wanted[Current]);
        _wanted.Put(Current, new());
    }

    /// <summary>The order in which newcomers get places: those at risk come first, then those that carry most.</summary>
    public IEnumerable<Newcomer> InOrder(IReadOnlyCollection<Newcomer> newcomers, IReadOnlyList<Finding> findings)
    {
        var found = findings.Select(finding => new Pair(finding.Source, finding.Destination)).ToHashSet();
        foreach (var newcomer in newcomers)
        {
            newcomer.Carried = newcomer.Increments.Sum(named => WeightOf(named.Increment));
            newcomer.Weight = _overflowed.Guaranteed(newcomer.Key, _hour) + newcomer.Carried;
            newcomer.IsAtRisk = found.Contains(newcomer.Key) || newcomer.Increments.Exists(named => named.Flow.Route == Route.Blocked);
        }

        return newcomers.OrderByDescending(newcomer => newcomer.IsAtRisk).ThenByDescending(newcomer => newcomer.Weight)
            .ThenBy(newcomer => newcomer.Destination.Name, StringComparer.Ordinal).ThenBy(newcomer => newcomer.Source, Workload.Order);
    }

    /// <summary>The order in which the series of one newcomer get places: blocked ones come first, then those that carry most. It does not depend on the
    /// order in which they were seen.</summary>
    public static int InOrder(NamedIncrement one, NamedIncrement other)
    {
        var order = (other.Flow.Route == Route.Blocked).CompareTo(one.Flow.Route == Route.Blocked);
        if (order == 0) order = WeightOf(other.Increment).CompareTo(WeightOf(one.Increment));
        return order != 0 ? order : SeriesKey.Order(SeriesBudget.KeyOf(in one), SeriesBudget.KeyOf(in other));
    }

    /// <summary>The newcomer's place, or that of its parent. Null where the newcomer goes into the overflow.</summary>
    public DestinationPlace? PlaceFor(Newcomer newcomer, WorkloadPlaces? workload)
    {
        var place = workload is null ? null : FindPlace(newcomer, workload);
        if (place is null)
        {
            _overflowed.Add(newcomer.Key, newcomer.Carried, _hour);
            var source = newcomer.Source;
            if (_wanted[Current].Add(source.Cluster, source.Namespace, source.Name, newcomer.Destination.Name)) _wanted.Touch(Current);
        }
        else if (_overflowed.Find(newcomer.Key) is not null)
        {
            _overflowed.Remove(newcomer.Key);
            Promoted++;
        }

        return place;
    }

    private DestinationPlace? FindPlace(Newcomer newcomer, WorkloadPlaces workload)
    {
        if (workload.Destinations.TryGetValue(newcomer.Destination.Name, out var place)) return place;
        var parent = RollUp.ParentOf(newcomer.Destination);
        var above = newcomer.Destination with { Name = RollUp.NameOf(parent) };
        if (parent.Length > 0 && workload.Destinations.TryGetValue(above.Name, out place) && place.IsRollUp) return place;

        if (!_places.IsScarceFor(workload)) return _places.TryAllot(workload, newcomer.Destination);
        if (parent.Length > 0 && workload.Children(parent) >= RollUpFrom && _places.TryAllot(workload, above) is { } rollUp)
        {
            rollUp.BeginRollUp();
            return rollUp;
        }

        var matters = (newcomer.IsAtRisk && _places.HasReserveFor(workload)) || newcomer.Weight >= HeavyFrom * workload.AverageWeight(_hour);
        return matters ? _places.TryAllot(workload, newcomer.Destination) : null;
    }
}

/// <summary>A destination for which a workload has no series yet.</summary>
internal sealed class Newcomer(Workload source, Destination destination)
{
    public Pair Key => new(source, destination.Name);

    public Workload Source => source;

    public Destination Destination => destination;

    public List<NamedIncrement> Increments { get; } = [];

    /// <summary>What it carries in this window, in bytes.</summary>
    public double Carried { get; set; }

    /// <summary>What it carries in this window and is known to have carried before, in bytes. Half of it is forgotten every hour.</summary>
    public double Weight { get; set; }

    /// <summary>It is blocked, or a detector has a live finding about it.</summary>
    public bool IsAtRisk { get; set; }
}
