using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary>All detectors. They see every increment before any is summed into overflow. Called by the pass alone.</summary>
public sealed class Detectors
{
    private readonly Tuning _tuning;
    private readonly Policies _policies;
    private readonly Habits _habits;
    private readonly IReadOnlyList<IDetector> _detectors;
    private readonly bool _needSettled;

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
        _needSettled = !_policies.IsEmpty || lists.Count > 0;
        metrics.Watch(lists);
    }

    /// <summary>Adds a window.</summary>
    /// <returns>Everything that is true at its end, whether it began with this window or before.</returns>
    public IReadOnlyList<Finding> Observe(NamedReading named)
    {
        _habits.BeginWindow(named.Window);
        var input = Input(named);
        NoteContacts(input);
        foreach (var detector in _detectors) detector.Observe(input);
        return
        [
            .. from detector in _detectors
               from finding in detector.Active
               select finding with { Evidence = _tuning.WithMembers(finding.Source, finding.Evidence) },
        ];
    }

    /// <summary>Remembers what workloads talked to before the first window, so that it is not new.</summary>
    /// <param name="names">The names of the flows' destinations, as far as they are known.</param>
    public void Learn(IReadOnlyList<PastFlow> flows, IReadOnlyDictionary<RawDestination, Destination> names, DateTimeOffset now)
    {
        foreach (var ofSource in flows.GroupBy(past => _tuning.GroupOf(past.Flow.Source)))
        {
            var before = now - ofSource.Min(past => past.First);
            foreach (var past in ofSource)
            {
                _habits.Learn(ofSource.Key, past.Flow.To.Key, past.Last, before);
                if (names.TryGetValue(past.Flow.To, out var name) && name.Confirmed) _habits.Learn(ofSource.Key, name.Name, past.Last, before);
            }
        }
    }

    /// <summary>Sorts a window's increments by whether their names are final. The only place that knows how naming hands them over.</summary>
    /// <remarks>Without policies and threat lists, only refuted claims are watched among the settled increments.</remarks>
    private DetectionInput Input(NamedReading named) => new(
        named.Window,
        Sum(named.Increments.Where(increment => increment.IsSeen), isSettled: false, named.Window.End),
        Sum(named.Increments.Where(increment => increment.IsFinal && (_needSettled || increment.Refuted is not null)), isSettled: true, named.Window.End));

    /// <summary>Notes what is new for whom, before any detector asks. All contacts are noted first, because they decide what is common.</summary>
    private void NoteContacts(DetectionInput input)
    {
        var end = input.Window.End;
        // What the mesh refused is no contact.
        foreach (var workload in input.Seen)
        {
            foreach (var activity in workload.Flows.Where(activity => !activity.IsBlocked)) _habits.NoteContact(workload.Habit, activity, end);
        }

        foreach (var workload in input.Seen)
        {
            foreach (var activity in workload.Flows.Where(activity => activity.IsNew)) _habits.CountNewDestination(workload.Habit, activity, end);
        }
    }

    /// <summary>Sums the increments of each flow, by workload, in the order in which they came. Leaves out what a policy ignores.</summary>
    private List<WorkloadActivity> Sum(IEnumerable<NamedIncrement> increments, bool isSettled, DateTimeOffset end)
    {
        var (workloads, flows) = (new Dictionary<Workload, WorkloadActivity>(), new Dictionary<(Flow, PolicyTags), FlowActivity?>());
        var inOrder = new List<WorkloadActivity>();
        foreach (var seen in increments)
        {
            var source = _tuning.GroupOf(seen.Flow.Source);
            var flow = source == seen.Flow.Source ? seen.Flow : seen.Flow with { Source = source };
            ref var activity = ref CollectionsMarshal.GetValueRefOrAddDefault(flows, (flow, seen.Increment.Id.Tags), out var isKnown);
            if (!isKnown)
            {
                var first = new FlowActivity(flow, seen.Destination, seen.Increment.Id.Tags, isSettled);
                if (_policies.CanIgnore && _policies.FirstMatch(first) is { Action: PolicyAction.Ignore }) continue;
                activity = first;
                if (!workloads.TryGetValue(source, out var workload))
                {
                    var options = _tuning.OptionsFor(source);
                    inOrder.Add(workload = new(source, options, _habits.GetOrBegin(source, options.Learning, end), []));
                    workloads.Add(source, workload);
                }

                workload.Flows.Add(first);
            }

            activity?.Add(seen);
        }

        return inOrder;
    }
}
