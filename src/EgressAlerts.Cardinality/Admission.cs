using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Cardinality;

/// <summary>Decides who gets a place: three quarters go to whoever comes; the rest is for what is at risk or carries much.</summary>
internal sealed class Admission
{
    /// <summary>So many live names under a parent are rolled up when places are scarce.</summary>
    private const int RollUpFrom = 5;

    /// <summary>What comes when places are scarce must carry so many times what the workload's live destinations carry on average.</summary>
    private const double HeavyFrom = 2;

    /// <summary>What a request or connection weighs beside its bytes.</summary>
    private const double WeightOfOne = 1024;

    private const string Current = "current";
    private const string Before = "before";

    private static readonly TimeSpan WantedPeriod = TimeSpan.FromDays(1);

    private static readonly Shape<Pair, (Fading Weight, Fading Error)> FoldedShape = new(
        "folded_destination", Pair.Columns, pair => pair.Values, Pair.Of,
        ["weight", "error", "hour"],
        state => [state.Weight.Amount, state.Error.Amount, state.Weight.Hour],
        values => (new((double)values[0], (long)values[2]), new((double)values[1], (long)values[2])));

    private readonly Places _places;
    private readonly SpaceSaving<Pair> _folded;
    private readonly Table<string, DistinctCount> _wanted;
    private long _hour;

    /// <param name="now">The end of the last window before a restart; the default value where there was none.</param>
    public Admission(CardinalityOptions options, Places places, StoredState state, DateTimeOffset now, long promoted)
    {
        (_places, Promoted, _hour) = (places, promoted, Fading.HourOf(now));
        _wanted = state.Table(new Shape<string, DistinctCount>(
            "wanted_destinations", ["period"], period => [period], values => (string)values[0], ["registers"], count => [count.Registers], values => new() { Registers = (byte[])values[0] }));
        foreach (var period in (string[])[Current, Before])
        {
            if (!_wanted.Has(period)) _wanted.Put(period, new());
        }

        Rows<Pair, (Fading, Fading)> rows = null!;
        _folded = new(options.MaxSeries, Pair.Order, key => rows.Touch(key));
        (rows, var loaded, _) = state.Rows(FoldedShape, Find);
        foreach (var (key, (weight, error)) in loaded) _folded.Restore(key, weight, error);

        bool Find(Pair key, out (Fading, Fading) found)
        {
            var known = _folded.Find(key);
            found = known.GetValueOrDefault();
            return known is not null;
        }
    }

    /// <summary>Destinations that found a place after they had been folded, ever.</summary>
    public long Promoted { get; private set; }

    /// <summary>Pairs of workload and destination that had a place or wanted one within the last one to two days.</summary>
    public long Wanted => _places.Pairs + _wanted[Current].Estimate(_wanted[Before]);

    public static double WeightOf(in Increment increment) => increment.Metric is Metric.UploadBytes or Metric.DownloadBytes ? increment.Amount : increment.Amount * WeightOfOne;

    /// <summary>Time goes on: what was wanted is forgotten after one to two days.</summary>
    public void Advance(DateTimeOffset before, DateTimeOffset now)
    {
        _hour = Fading.HourOf(now);
        if (before == default || now.UtcTicks / WantedPeriod.Ticks <= before.UtcTicks / WantedPeriod.Ticks) return;
        _wanted.Put(Before, _wanted[Current]);
        _wanted.Put(Current, new());
    }

    /// <summary>The order in which newcomers are given places: what is at risk first, then what carries most.</summary>
    public IEnumerable<Newcomer> InOrder(IReadOnlyCollection<Newcomer> newcomers, IReadOnlyList<Finding> findings)
    {
        var found = findings.Select(finding => (finding.Source, finding.Destination)).ToHashSet();
        foreach (var newcomer in newcomers)
        {
            newcomer.Carried = newcomer.Increments.Sum(named => WeightOf(named.Increment));
            newcomer.Weight = _folded.Guaranteed(newcomer.Key, _hour) + newcomer.Carried;
            newcomer.IsAtRisk = found.Contains((newcomer.Source, newcomer.Destination.Name)) || newcomer.Increments.Exists(named => named.Flow.Route == Route.Blocked);
        }

        return newcomers.OrderByDescending(newcomer => newcomer.IsAtRisk).ThenByDescending(newcomer => newcomer.Weight)
            .ThenBy(newcomer => newcomer.Destination.Name, StringComparer.Ordinal).ThenBy(newcomer => newcomer.Source.ToString(), StringComparer.Ordinal);
    }

    /// <summary>The order in which the series of one newcomer are given places, whatever the order in which they were seen: what is blocked first, then what carries most.</summary>
    public static int InOrder(NamedIncrement one, NamedIncrement other)
    {
        var order = (other.Flow.Route == Route.Blocked).CompareTo(one.Flow.Route == Route.Blocked);
        if (order == 0) order = WeightOf(other.Increment).CompareTo(WeightOf(one.Increment));
        return order != 0 ? order : SeriesKey.Order(SeriesBudget.KeyOf(in one), SeriesBudget.KeyOf(in other));
    }

    /// <summary>The newcomer's place, or that of its parent, or null where it is to be folded.</summary>
    public DestinationPlace? PlaceFor(Newcomer newcomer, WorkloadPlaces? workload)
    {
        var place = workload is null ? null : FindPlace(newcomer, workload);
        if (place is null)
        {
            _folded.Add(newcomer.Key, newcomer.Carried, _hour);
            if (_wanted[Current].Add(newcomer.Source.Namespace, newcomer.Source.Name, newcomer.Destination.Name)) _wanted.Touch(Current);
        }
        else if (_folded.Find(newcomer.Key) is not null)
        {
            _folded.Remove(newcomer.Key);
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

        if (!_places.IsScarceFor(workload)) return _places.Of(workload, newcomer.Destination);
        if (parent.Length > 0 && workload.Children(parent) >= RollUpFrom && _places.Of(workload, above) is { } rollUp)
        {
            rollUp.BeginRollUp();
            return rollUp;
        }

        var matters = (newcomer.IsAtRisk && _places.HasReserveFor(workload)) || newcomer.Weight >= HeavyFrom * workload.AverageWeight(_hour);
        return matters ? _places.Of(workload, newcomer.Destination) : null;
    }
}

/// <summary>What a workload talks to and has no series for.</summary>
internal sealed class Newcomer(Workload source, Destination destination)
{
    public Pair Key => new(source, destination.Name);

    public Workload Source => source;

    public Destination Destination => destination;

    public List<NamedIncrement> Increments { get; } = [];

    /// <summary>What it carries in this window.</summary>
    public double Carried { get; set; }

    /// <summary>And what it carried lately for sure.</summary>
    public double Weight { get; set; }

    /// <summary>Blocked, or with a live finding.</summary>
    public bool IsAtRisk { get; set; }
}
