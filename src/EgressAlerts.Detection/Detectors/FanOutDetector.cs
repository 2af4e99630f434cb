using EgressAlerts.Common;
using static System.FormattableString;

namespace EgressAlerts.Detection;

/// <summary><c>EgressFanOut</c>: a workload talks to far more different destinations within an hour than is usual in this hour of the week
/// (<see cref="SeasonalSeries"/>), or to far more new ones within eight hours (<see cref="NewDestinationCount"/>).</summary>
/// <remarks>Destinations are counted by a sketch of 1 KiB with a standard error of 3.3 %. A confirmed name counts once, whatever its addresses.
/// Follows at most 5,000 workloads. Further ones are dropped and counted.</remarks>
internal sealed class FanOutDetector : IDetector
{
    public const string Name = "EgressFanOut";
    private const int SketchBits = 10;
    private const double Unit = 1;
    private const int NeverTooMany = 1_000_000;

    private readonly Habits _habits;
    private readonly Tuning _tuning;
    private readonly Bound _bound;
    private readonly Cell<long> _hour;

    /// <summary>The destinations of each workload in this hour.</summary>
    private readonly Table<Workload, DistinctCount> _destinations;

    /// <summary>What is usual, where there was enough to remember, and whether it is more.</summary>
    private readonly Table<Workload, SeasonalSeries> _series;

    public FanOutDetector(Habits habits, Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_habits, _tuning, _bound) = (habits, tuning, new(Name, most: 5_000, metrics));
        _hour = state.Cell("fan_out_hour", DetectionJson.Default.Int64, Hours.None);
        _destinations = state.Table(DetectionTables.ByWorkload<DistinctCount>(
            "fan_out", ["registers"], count => [count.Registers], values => new(SketchBits) { Registers = (byte[])values[0] }));
        _series = state.Table(DetectionTables.ByWorkload("fan_out_baseline", DetectionJson.Default.SeasonalSeries));
        // The rows of some sketches may have been unreadable.
        foreach (var source in _series.Keys.Where(source => !_destinations.Has(source))) _destinations.Put(source, new(SketchBits));
    }

    /// <summary>One finding for a workload: that about an hour says more than that about new destinations.</summary>
    public IEnumerable<Finding> Active =>
    [
        .. _series.Where(entry => entry.Value.IsFiring).Select(entry => Found(entry.Key, entry.Value)),
        .. from entry in _habits.All
           where entry.Value.NewDestinations.Firing.IsFiring && !SeriesOf(entry.Key).IsFiring
           select Found(entry.Key, entry.Value.NewDestinations),
    ];

    public void Observe(DetectionInput input)
    {
        var now = input.Window.End;
        var hour = Hours.Of(now);
        if (hour != _hour.Value)
        {
            if (_hour.Value != Hours.None) CloseHour(input.Window);
            _hour.Value = hour;
        }

        foreach (var workload in input.Seen.Where(workload => workload.Options.FanOut.Enabled))
        {
            if (_bound.TryGetOrBegin(_destinations, workload.Source, () => new(SketchBits), out var destinations)) Observe(workload, destinations, now);
        }

        foreach (var (source, habit) in _habits.All.Where(entry => entry.Value.IsLearned))
        {
            // Where the detector is switched off nothing is too many, and what fired ends.
            var options = _tuning.OptionsFor(source).FanOut;
            if (habit.NewDestinations.Evaluate(hour, options.Enabled ? options.NewFloor : NeverTooMany, options.Quiet, now)) _habits.Touch(source);
        }

        foreach (var (source, series) in _series)
        {
            if (series.TryEnd(now, _tuning.OptionsFor(source).FanOut.Quiet)) _series.Touch(source);
        }
    }

    private void Observe(WorkloadActivity workload, DistinctCount destinations, DateTimeOffset now)
    {
        var grew = false;
        // EgressProbing reports what was refused.
        foreach (var activity in workload.Flows.Where(activity => !activity.IsBlocked)) grew |= destinations.Add(activity.KnownAs);
        if (grew) _destinations.Touch(workload.Source);
        var options = workload.Options.FanOut;
        if (workload.Habit.Observed < options.Learning) return;
        var count = destinations.Estimate();
        if (count <= options.Floor) return;
        var series = SeriesOf(workload.Source);
        if (series.Expected(_hour.Value, options.Floor, options.Deviations) is not { } usual || count <= usual.Limit) return;
        series.Fire(now, count, usual);
        _series.Put(workload.Source, series);
    }

    private SeasonalSeries SeriesOf(Workload source) => _series.TryFind(source, out var series) ? series : new();

    /// <param name="next">The first window of the next hour.</param>
    private void CloseHour(Window next)
    {
        foreach (var (source, destinations) in _destinations)
        {
            var (options, count, series) = (_tuning.OptionsFor(source).FanOut, destinations.Estimate(), SeriesOf(source));
            series.CloseHour(Unit, _hour.Value, count, options.Floor / 10.0, (int)(_habits.Observed(source) - next.Length).TotalHours);
            destinations.Clear();
            var isEmpty = series.IsForgotten(Hours.Of(next.End), _habits.Memory);
            if (options.Enabled && !isEmpty) _series.Put(source, series);
            else _series.Remove(source);
            if (!options.Enabled || (count == 0 && isEmpty)) _destinations.Remove(source);
            else if (count > 0) _destinations.Touch(source);
        }
    }

    private Finding Found(Workload source, NewDestinationCount count) => Found(
        source,
        count.Firing,
        $"{source} met {count.Most} new destinations within 8 h ({Wording.Limit($"{count.Usual}", count.IsUsual(_tuning.OptionsFor(source).FanOut.NewFloor))})",
        $"{source} met {count.Most} destinations within 8 h that it had never talked to, last at {Wording.Time(count.Last)}. "
        + $"The limit is {count.Usual}: twice its worst day, or five times while fewer than three days are known, "
        + "and no less than detection.fan_out.new_floor.",
        learned: "Such a day is not learned.",
        hours: 8,
        new($"{count.Most} new destinations within 8 h", $"at most {count.Usual}", "detection.fan_out.new_floor"));

    private Finding Found(Workload source, SeasonalSeries series) => Found(
        source,
        series,
        Invariant($"{source} reached about {series.Most:0} destinations within 1 h ")
        + $"({Wording.Limit(Invariant($"{series.Usual.Limit:0}"), series.Usual.Limit > _tuning.OptionsFor(source).FanOut.Floor)})",
        Invariant($"{source} talked to about {series.Most:0} different destinations within an hour, last at {Wording.Time(series.Last)} ")
        + Invariant($"(counted with an error of 3 %). The limit is {series.Usual.Limit:0}")
        + (series.Usual.Hours > 0
            ? Invariant($"; usual in this hour is {series.Usual.Median:0}, the median of {series.Usual.Hours} weeks or days.")
            : "."),
        learned: "Such an hour is not learned.",
        hours: 1,
        new(
            Invariant($"about {series.Most:0} destinations within an hour"),
            Invariant($"at most {series.Usual.Limit:0}"),
            series.Usual.Limit > _tuning.OptionsFor(source).FanOut.Floor ? "detection.fan_out.deviations" : "detection.fan_out.floor"));

    private Finding Found(Workload source, FiringState state, string summary, string what, string learned, int hours, FindingFacts facts)
    {
        var options = _tuning.OptionsFor(source).FanOut;
        return new(
            Name, options.Severity, source, Destination: "", state.Since, summary,
            $"{what} This workload has been watched for {Wording.Duration(_habits.Observed(source))}.",
            NameSource: null, Confirmed: false, PromQl.Destinations(source, hours))
        {
            Facts = facts,
            Ends = $"It resolves after {Wording.Duration(options.Quiet)} with fewer. {learned}",
        };
    }
}
