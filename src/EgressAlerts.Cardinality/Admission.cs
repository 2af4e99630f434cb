using EgressAlerts.Model;

namespace EgressAlerts.Cardinality;

/// <summary>Decides who gets a place: three quarters go to whoever comes; the rest is for what is at risk or carries much.</summary>
internal sealed class Admission(CardinalityOptions options, Places places)
{
    /// <summary>So many live names under a parent are rolled up when places are scarce.</summary>
    private const int RollUpFrom = 5;

    /// <summary>What comes when places are scarce must carry so many times what the workload's live destinations carry on average.</summary>
    private const double HeavyFrom = 2;

    /// <summary>What a request or connection weighs beside its bytes.</summary>
    private const double WeightOfOne = 1024;

    private static readonly TimeSpan HalfLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan WantedPeriod = TimeSpan.FromDays(1);

    private readonly SpaceSaving<(Workload Source, string Destination)> _folded = new(options.MaxSeries);
    private DistinctCount _wanted = new();
    private DistinctCount _wantedBefore = new();

    /// <summary>Destinations that found a place after they had been folded, ever.</summary>
    public long Promoted { get; private set; }

    /// <summary>Pairs of workload and destination that had a place or wanted one within the last one to two days.</summary>
    public long Wanted => places.Pairs + _wanted.Estimate(_wantedBefore);

    public static double WeightOf(in Increment increment) => increment.Metric is Metric.UploadBytes or Metric.DownloadBytes ? increment.Amount : increment.Amount * WeightOfOne;

    /// <summary>Time goes on: what was carried counts half after an hour, and what was wanted is forgotten after one to two days.</summary>
    public void Advance(DateTimeOffset before, DateTimeOffset now)
    {
        if (before == default) return;
        for (var hours = Math.Min(64, Ticks(now, HalfLife) - Ticks(before, HalfLife)); hours > 0; hours--)
        {
            _folded.Halve();
            places.Halve();
        }

        if (Ticks(now, WantedPeriod) > Ticks(before, WantedPeriod)) (_wantedBefore, _wanted) = (_wanted, new());

        static long Ticks(DateTimeOffset at, TimeSpan period) => at.UtcTicks / period.Ticks;
    }

    /// <summary>The order in which newcomers are given places: what is at risk first, then what carries most.</summary>
    public IEnumerable<Newcomer> InOrder(IReadOnlyCollection<Newcomer> newcomers, IReadOnlyList<Finding> findings)
    {
        var found = findings.Select(finding => (finding.Source, finding.Destination)).ToHashSet();
        foreach (var newcomer in newcomers)
        {
            newcomer.Carried = newcomer.Increments.Sum(named => WeightOf(named.Increment));
            newcomer.Weight = _folded.Guaranteed(newcomer.Key) + newcomer.Carried;
            newcomer.IsAtRisk = found.Contains(newcomer.Key) || newcomer.Increments.Exists(named => named.Flow.Route == Route.Blocked);
        }

        return newcomers.OrderByDescending(newcomer => newcomer.IsAtRisk).ThenByDescending(newcomer => newcomer.Weight)
            .ThenBy(newcomer => newcomer.Destination.Name, StringComparer.Ordinal).ThenBy(newcomer => newcomer.Source.ToString(), StringComparer.Ordinal);
    }

    /// <summary>The order in which the series of one newcomer are given places, whatever the order in which they were seen: what is blocked first, then what carries most.</summary>
    public static int InOrder(NamedIncrement one, NamedIncrement other)
    {
        var (here, there) = (one.Increment, other.Increment);
        var order = (other.Flow.Route == Route.Blocked).CompareTo(one.Flow.Route == Route.Blocked);
        if (order == 0) order = WeightOf(there).CompareTo(WeightOf(here));
        if (order == 0) order = here.Metric.CompareTo(there.Metric);
        if (order == 0) order = one.Flow.Route.CompareTo(other.Flow.Route);
        if (order == 0) order = one.Flow.Protocol.CompareTo(other.Flow.Protocol);
        if (order == 0) order = string.CompareOrdinal(one.Flow.To.Port, other.Flow.To.Port);
        if (order == 0) order = string.CompareOrdinal(here.ResponseCode, there.ResponseCode);
        return order != 0 ? order : string.CompareOrdinal(here.ResponseFlags, there.ResponseFlags);
    }

    /// <summary>The newcomer's place, or that of its parent, or null where it is to be folded.</summary>
    public DestinationPlace? PlaceFor(Newcomer newcomer, WorkloadPlaces? workload)
    {
        var place = workload is null ? null : FindPlace(newcomer, workload);
        if (place is null)
        {
            _folded.Add(newcomer.Key, newcomer.Carried);
            _wanted.Add(newcomer.Source.Namespace, newcomer.Source.Name, newcomer.Destination.Name);
        }
        else if (_folded.Find(newcomer.Key) is not null)
        {
            _folded.Remove(newcomer.Key);
            Promoted++;
        }

        return place;
    }

    public void Save(BinaryWriter to)
    {
        to.Write(Promoted);
        _wanted.Save(to);
        _wantedBefore.Save(to);
        _folded.Save(to, key =>
        {
            to.Write(key.Source);
            to.Write(key.Destination);
        });
    }

    public void Load(BinaryReader from)
    {
        Promoted = from.ReadInt64();
        _wanted.Load(from);
        _wantedBefore.Load(from);
        _folded.Load(from, () => (from.ReadWorkload(), from.ReadString()));
    }

    private DestinationPlace? FindPlace(Newcomer newcomer, WorkloadPlaces workload)
    {
        if (workload.Destinations.TryGetValue(newcomer.Destination.Name, out var place)) return place;
        var parent = RollUp.ParentOf(newcomer.Destination);
        var above = newcomer.Destination with { Name = RollUp.NameOf(parent) };
        if (parent.Length > 0 && workload.Destinations.TryGetValue(above.Name, out place) && place.IsRollUp) return place;

        if (!places.IsScarceFor(workload)) return places.Of(workload, newcomer.Destination);
        if (parent.Length > 0 && workload.Children(parent) >= RollUpFrom && places.Of(workload, above) is { } rollUp)
        {
            rollUp.IsRollUp = true;
            return rollUp;
        }

        var matters = (newcomer.IsAtRisk && places.HasReserveFor(workload)) || newcomer.Weight >= HeavyFrom * workload.AverageWeight;
        return matters ? places.Of(workload, newcomer.Destination) : null;
    }
}

/// <summary>What a workload talks to and has no series for.</summary>
internal sealed class Newcomer(Workload source, Destination destination)
{
    public (Workload Source, string Destination) Key => (source, destination.Name);

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
