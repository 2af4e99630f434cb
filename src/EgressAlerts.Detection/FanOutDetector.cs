using System.Globalization;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressFanOut</c>: a workload talks to far more different destinations within an hour than is usual for it in this hour of the week.</summary>
/// <remarks>Destinations are counted by a sketch of 1 KiB with a standard error of 3.3 %, names that somebody vouches for once whatever their addresses.
/// Follows at most <see cref="MaxWorkloads"/> workloads.</remarks>
internal sealed class FanOutDetector(Tuning tuning, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressFanOut";
    private const int MaxWorkloads = 5_000;
    private const int SketchBits = 10;

    private readonly Dictionary<Workload, Spread> _workloads = [];
    private long _hour = Hours.None;

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _workloads.Where(entry => entry.Value.Series.IsFiring).Select(entry => Found(entry.Key, entry.Value));

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        var hour = Hours.Of(now);
        if (_hour != Hours.None && hour != _hour) Turn();
        _hour = hour;
        foreach (var by in sighting.Seen.Where(by => by.Options.FanOut.Enabled)) Observe(by, now);
        foreach (var (source, spread) in _workloads) spread.Series.End(now, tuning.Of(source).FanOut.Quiet);
    }

    public void Save(BinaryWriter to)
    {
        to.Write(_hour);
        to.WriteAll(_workloads, entry =>
        {
            to.Write(entry.Key);
            to.Write(entry.Value.Watched.Ticks);
            entry.Value.Destinations.Save(to);
            entry.Value.Series.Save(to);
        });
    }

    public void Load(BinaryReader from)
    {
        _hour = from.ReadInt64();
        foreach (var (source, spread) in from.ReadAll(() => (from.ReadWorkload(), Spread.Load(from)))) _workloads.Add(source, spread);
    }

    private void Observe(WorkloadTraffic by, DateTimeOffset now)
    {
        if (!_workloads.TryGetValue(by.Source, out var spread))
        {
            if (_workloads.Count >= MaxWorkloads)
            {
                metrics.Dropped(Name);
                return;
            }

            _workloads.Add(by.Source, spread = new Spread());
        }

        // What was refused is EgressProbing's.
        foreach (var traffic in by.To.Where(traffic => !traffic.IsBlocked)) spread.Destinations.Add(traffic.KnownAs);
        spread.Watched = by.Habit.Observed;
        var options = by.Options.FanOut;
        if (by.Habit.Observed < options.Learning) return;
        var count = spread.Destinations.Estimate();
        if (count > options.Floor && spread.Series.Expected(_hour, options.Floor, options.Deviations) is { } usual && count > usual.Limit) spread.Series.Flag(now, count, usual);
    }

    private void Turn()
    {
        foreach (var (source, spread) in _workloads.ToList())
        {
            var options = tuning.Of(source).FanOut;
            var count = spread.Destinations.Estimate();
            spread.Series.Turn(_hour, count, options.Floor / 10.0, (int)spread.Watched.TotalHours);
            spread.Destinations.Clear();
            if (!options.Enabled || (count == 0 && spread.Series is { HasBaseline: false, IsFiring: false })) _workloads.Remove(source);
        }
    }

    private Finding Found(Workload source, Spread spread)
    {
        var options = tuning.Of(source).FanOut;
        var usual = spread.Series.Usual;
        return new(
            Name,
            options.Severity,
            source,
            "",
            spread.Series.Since,
            "A workload talks to far more destinations than is usual for it.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{source} talked to about {spread.Series.Most:0} different destinations within an hour, last at {Text.Time(spread.Series.Last)} (counted with an error of 3 %). Expected: at most {usual.Limit:0}")
            + (usual.Hours > 0 ? string.Create(CultureInfo.InvariantCulture, $" (usual in this hour is {usual.Median:0}, the median of {usual.Hours} weeks or days).") : ".")
            + $" This workload has been watched for {Text.Length(spread.Watched)}. Resolves after {Text.Length(options.Quiet)} with fewer; such an hour is not learned.",
            NameSource.Unknown,
            Confirmed: false,
            $"count(count by (destination) (increase({{{Text.Tried},{Text.Source(source)},route!=\"blocked\"}}[1h]) > 0))");
    }

    /// <summary>How many destinations one workload talks to.</summary>
    private sealed class Spread
    {
        private const double Unit = 1;

        public DistinctCount Destinations { get; private init; } = new(SketchBits);

        public SeasonalSeries Series { get; private init; } = new(Unit);

        public TimeSpan Watched { get; set; }

        public static Spread Load(BinaryReader from)
        {
            var watched = new TimeSpan(from.ReadInt64());
            var destinations = new DistinctCount(SketchBits);
            destinations.Load(from);
            return new() { Watched = watched, Destinations = destinations, Series = SeasonalSeries.Load(Unit, from) };
        }
    }
}
