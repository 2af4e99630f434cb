using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary>All detectors, one after the other, before anything is folded. Called by the pass alone.</summary>
public sealed class Detectors
{
    private readonly Tuning _tuning;
    private readonly Policies _policies;
    private readonly Habits _habits;
    private readonly IReadOnlyList<IDetector> _detectors;
    private readonly bool _watchesSettled;

    public Detectors(DetectionOptions options, DetectionMetrics metrics, StoredState state, ILogger<Detectors> logger)
    {
        (_tuning, _policies, _habits) = (new(options), new(options.Policies), new(options, metrics, state));
        List<ThreatList> lists = [.. options.ThreatListed.Lists.Select(list => new ThreatList(list, logger))];
        _detectors =
        [
            new BlockedDetector(_tuning, metrics, state),
            new ProbingDetector(_tuning, metrics, state),
            new NewDestinationDetector(_habits, options, _tuning, metrics, state),
            new UploadSpikeDetector(_habits, _tuning, metrics, state),
            new FanOutDetector(_habits, _tuning, metrics, state),
            new BeaconingDetector(_habits, options, _tuning, metrics, state),
            new ForbiddenDetector(_policies, _tuning, metrics, state),
            new NameMismatchDetector(_tuning, metrics, state),
            new MetadataServiceDetector(options, _tuning, metrics, state),
            new OutsideRegionDetector(_tuning, metrics, state),
            new ThreatListedDetector(lists, _tuning, metrics, state, logger),
            new WatchdogDetector(options.Watchdog, state),
        ];
        _watchesSettled = !_policies.IsEmpty || lists.Count > 0;
        metrics.Watch(lists);
    }

    /// <summary>Everything that is true at the end of the window, new or not.</summary>
    public IReadOnlyList<Finding> Observe(NamedReading named)
    {
        var end = named.Window.End;
        _habits.Begin(named.Window);
        var sighting = new Sighting(
            named.Window,
            ByWorkload(named.Seen, isSettled: false, end),
            ByWorkload(_watchesSettled ? named.Settled : named.Settled.Where(seen => seen.Refuted is not null), isSettled: true, end));
        // What the mesh refused is not a contact.
        foreach (var by in sighting.Seen)
        {
            foreach (var traffic in by.To.Where(traffic => !traffic.IsBlocked)) _habits.Meet(by.Habit, traffic, end);
        }

        foreach (var by in sighting.Seen.Concat(sighting.Settled)) by.Sum();
        foreach (var by in sighting.Seen.Where(by => by.Signs.HasFlag(Signs.New)))
        {
            foreach (var traffic in by.To.Where(traffic => !traffic.IsBlocked)) _habits.CountNews(by.Habit, traffic, end);
        }

        foreach (var detector in _detectors) detector.Observe(sighting);
        return [.. _detectors.SelectMany(detector => detector.Active).Select(found => found with { Evidence = _tuning.Evidence(found.Source, found.Evidence) })];
    }

    /// <summary>What workloads are known to have talked to before the first window, so that it is no news.</summary>
    /// <param name="names">Of the flows' destinations, as far as they are known.</param>
    public void Learn(IReadOnlyList<PastFlow> flows, IReadOnlyDictionary<RawDestination, Destination> names, DateTimeOffset now)
    {
        var first = flows.GroupBy(past => _tuning.GroupOf(past.Flow.Source)).ToDictionary(past => past.Key, past => past.Min(flow => flow.First));
        foreach (var past in flows)
        {
            var source = _tuning.GroupOf(past.Flow.Source);
            _habits.Learn(source, past.Flow.To.Key, past.Last, now - first[source]);
            if (names.TryGetValue(past.Flow.To, out var name) && name.Confirmed) _habits.Learn(source, name.Name, past.Last, now - first[source]);
        }
    }

    /// <summary>The increments of each flow summed, by who talked, in the order in which they came.</summary>
    private List<WorkloadTraffic> ByWorkload(IEnumerable<NamedIncrement> increments, bool isSettled, DateTimeOffset end)
    {
        var (workloads, byWorkload, flows) = (new List<WorkloadTraffic>(), new Dictionary<Workload, WorkloadTraffic>(), new Dictionary<(Flow, string), Traffic?>());
        foreach (var seen in increments)
        {
            var source = _tuning.GroupOf(seen.Flow.Source);
            var flow = source == seen.Flow.Source ? seen.Flow : seen.Flow with { Source = source };
            ref var traffic = ref CollectionsMarshal.GetValueRefOrAddDefault(flows, (flow, seen.Increment.Facts), out var known);
            if (!known)
            {
                var first = new Traffic(flow, seen.Destination, seen.Increment.Facts, isSettled);
                if (_policies.CanIgnore && _policies.First(first) is { Action: PolicyAction.Ignore }) continue;
                traffic = first;
                if (!byWorkload.TryGetValue(source, out var by))
                {
                    var options = _tuning.Of(source);
                    workloads.Add(by = new(source, options, _habits.Of(source, options.Learning, end), []));
                    byWorkload.Add(source, by);
                }

                by.To.Add(first);
            }

            traffic?.Add(seen);
        }

        return workloads;
    }
}
