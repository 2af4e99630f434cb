using System.Globalization;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressFanOut</c>: a workload talks to far more different destinations within an hour than is usual for it in this hour of the week.</summary>
/// <remarks>Destinations are counted by a sketch of 1 KiB with a standard error of 3.3 %, names that somebody vouches for once whatever their addresses.
/// Follows at most <see cref="MaxWorkloads"/> workloads.</remarks>
internal sealed class FanOutDetector : IDetector
{
    public const string Name = "EgressFanOut";
    private const int MaxWorkloads = 5_000;
    private const int SketchBits = 10;
    private const double Unit = 1;
    private const int NeverTooMany = 1_000_000;

    private readonly Habits _habits;
    private readonly Tuning _tuning;
    private readonly DetectionMetrics _metrics;
    private readonly Cell<long> _hour;

    /// <summary>What each workload has talked to in this hour.</summary>
    private readonly Table<Workload, DistinctCount> _destinations;

    /// <summary>What is usual, where that is known, and whether it is more.</summary>
    private readonly Table<Workload, SeasonalSeries> _series;

    public FanOutDetector(Habits habits, Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_habits, _tuning, _metrics) = (habits, tuning, metrics);
        _hour = state.Cell("fan_out_hour", DetectionJson.Default.Int64, Hours.None);
        _destinations = state.Table(DetectionTables.ByWorkload<DistinctCount>(
            "fan_out", ["registers"], count => [count.Registers], values => new(SketchBits) { Registers = (byte[])values[0] }));
        _series = state.Table(DetectionTables.ByWorkload("fan_out_baseline", DetectionJson.Default.SeasonalSeries));
        foreach (var source in _series.Keys.Where(source => !_destinations.Has(source))) _destinations.Put(source, new(SketchBits)); // Its row could not be read.
    }

    public string AlertName => Name;

    /// <summary>One finding for a workload: that about an hour says more than that about news.</summary>
    public IEnumerable<Finding> Active =>
    [
        .. _series.Where(entry => entry.Value.IsFiring).Select(entry => Found(entry.Key, entry.Value)),
        .. _habits.All.Where(entry => entry.Value.News.IsFiring && !(_series.TryFind(entry.Key, out var series) && series.IsFiring)).Select(entry => Found(entry.Key, entry.Value.News)),
    ];

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        var hour = Hours.Of(now);
        if (hour != _hour.Value)
        {
            if (_hour.Value != Hours.None) Turn(sighting.Window);
            _hour.Value = hour;
        }

        foreach (var by in sighting.Seen.Where(by => by.Options.FanOut.Enabled)) Observe(by, now);
        foreach (var (source, habit) in _habits.All)
        {
            if (!habit.IsLearned) continue;
            // A workload that was switched off has nothing to judge, and what fired ends.
            var options = _tuning.Of(source).FanOut;
            if (habit.News.Judge(hour, options.Enabled ? options.NewFloor : NeverTooMany, options.Quiet, now)) _habits.Touch(source);
        }

        foreach (var (source, series) in _series)
        {
            if (series.TryEnd(now, _tuning.Of(source).FanOut.Quiet)) _series.Touch(source);
        }
    }

    private void Observe(WorkloadTraffic by, DateTimeOffset now)
    {
        if (!_destinations.TryFind(by.Source, out var destinations))
        {
            if (_destinations.Count >= MaxWorkloads)
            {
                _metrics.Dropped(Name);
                return;
            }

            _destinations.Put(by.Source, destinations = new(SketchBits));
        }

        var grew = false;
        // What was refused is EgressProbing's.
        foreach (var traffic in by.To.Where(traffic => !traffic.IsBlocked)) grew |= destinations.Add(traffic.KnownAs);
        if (grew) _destinations.Touch(by.Source);
        var options = by.Options.FanOut;
        if (by.Habit.Observed < options.Learning) return;
        var count = destinations.Estimate();
        if (count <= options.Floor) return;
        var series = SeriesOf(by.Source);
        if (series.Expected(_hour.Value, options.Floor, options.Deviations) is not { } usual || count <= usual.Limit) return;
        series.Flag(now, count, usual);
        _series.Put(by.Source, series);
    }

    private SeasonalSeries SeriesOf(Workload source) => _series.TryFind(source, out var series) ? series : new();

    /// <param name="next">The first window of the next hour.</param>
    private void Turn(Window next)
    {
        foreach (var (source, destinations) in _destinations)
        {
            var (options, count, series) = (_tuning.Of(source).FanOut, destinations.Estimate(), SeriesOf(source));
            series.Turn(Unit, _hour.Value, count, options.Floor / 10.0, (int)(_habits.Observed(source) - next.Length).TotalHours);
            destinations.Clear();
            var isEmpty = series.IsForgotten(Hours.Of(next.End), _habits.Memory);
            if (options.Enabled && !isEmpty) _series.Put(source, series);
            else _series.Remove(source);
            if (!options.Enabled || (count == 0 && isEmpty)) _destinations.Remove(source);
            else if (count > 0) _destinations.Touch(source);
        }
    }

    private Finding Found(Workload source, News news)
    {
        var options = _tuning.Of(source).FanOut;
        return new(
            Name,
            options.Severity,
            source,
            "",
            news.Since,
            "A workload talks to far more new destinations than is usual for it.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{source} met {news.Most} destinations within 8 h that it had never talked to, last at {Text.Time(news.Last)}. Expected: at most {news.Usual} (twice its worst day, and no less than detection.fan_out.new_floor; five times as much while fewer than three days are known).")
            + $" This workload has been watched for {Text.Length(_habits.Observed(source))}. Resolves after {Text.Length(options.Quiet)} with fewer; such a day is not learned.",
            NameSource.Unknown,
            Confirmed: false,
            $"count(count by (destination) (increase({{{Text.Tried},{Text.Source(source)},route!=\"blocked\"}}[8h]) > 0))");
    }

    private Finding Found(Workload source, SeasonalSeries series)
    {
        var options = _tuning.Of(source).FanOut;
        var usual = series.Usual;
        return new(
            Name,
            options.Severity,
            source,
            "",
            series.Since,
            "A workload talks to far more destinations than is usual for it.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{source} talked to about {series.Most:0} different destinations within an hour, last at {Text.Time(series.Last)} (counted with an error of 3 %). Expected: at most {usual.Limit:0}")
            + (usual.Hours > 0 ? string.Create(CultureInfo.InvariantCulture, $" (usual in this hour is {usual.Median:0}, the median of {usual.Hours} weeks or days).") : ".")
            + $" This workload has been watched for {Text.Length(_habits.Observed(source))}. Resolves after {Text.Length(options.Quiet)} with fewer; such an hour is not learned.",
            NameSource.Unknown,
            Confirmed: false,
            $"count(count by (destination) (increase({{{Text.Tried},{Text.Source(source)},route!=\"blocked\"}}[1h]) > 0))");
    }
}
