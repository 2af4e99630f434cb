using System.Runtime.InteropServices;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary>All detectors. They see every increment before any is summed into overflow. Called by the pass alone.</summary>
public sealed class Detectors
{
    private readonly Tuning _tuning;
    private readonly WatchedPolicies _watchedPolicies;
    private readonly ILogger _logger;
    private readonly PolicyHits _hits;
    private readonly Habits _habits;
    private readonly IReadOnlyList<ThreatList> _lists;
    private readonly IReadOnlyList<IDetector> _detectors;
    private readonly DetectionMetrics _metrics;
    private volatile Policies _policies;
    private PolicyReview _review;
    private volatile IReadOnlyDictionary<string, PolicyState> _policyStates = new Dictionary<string, PolicyState>();
    private LearningReport _learning;

    public Detectors(DetectionOptions options, DetectionMetrics metrics, StoredState state, ILogger<Detectors> logger)
    {
        (_tuning, _logger, _watchedPolicies, _habits) = (new(options), logger, new(options, logger), new(options, metrics, state));
        (_policies, _metrics, _hits) = (new(_watchedPolicies.Current), metrics, new(_watchedPolicies.Current, state));
        _review = new(_watchedPolicies.Current);
        _lists = [.. options.ThreatListed.Lists.Select(list => new ThreatList(list, logger))];
        _detectors =
        [
            new BlockedDetector(_tuning, metrics, state),
            new ProbingDetector(_tuning, metrics, state),
            new NewDestinationDetector(_habits, options, _tuning, metrics, state),
            new UploadSpikeDetector(_habits, _tuning, metrics, state),
            new FanOutDetector(_habits, _tuning, metrics, state),
            new BeaconingDetector(_habits, options, _tuning, metrics, state),
            new ForbiddenDetector(_tuning, metrics, state),
            new NameMismatchDetector(_tuning, metrics, state),
            new MetadataServiceDetector(options, _tuning, metrics, state),
            new OutsideRegionDetector(_tuning, metrics, state),
            new ThreatListedDetector(_lists, _tuning, metrics, state, logger),
            new WatchdogDetector(options.Watchdog, state),
        ];
        metrics.Watch(_lists);
        _learning = _habits.Report();
    }

    /// <summary>How far learning had come at the end of the last window. Any thread.</summary>
    public LearningReport Learning => Volatile.Read(ref _learning);

    /// <summary>How often each policy decided, by its name. Any thread.</summary>
    public IReadOnlyDictionary<string, PolicyHit> PolicyHits => _hits.Current;

    /// <summary>All policies in their order. Any thread.</summary>
    public IReadOnlyList<Policy> Policies => [.. _policies.Rules.Select(rule => rule.Policy)];

    /// <summary>How each policy stood at the end of the last window, by its name. Any thread.</summary>
    public IReadOnlyDictionary<string, PolicyState> PolicyStates => _policyStates;

    /// <summary>How the files of policies and threat lists stand. Any thread.</summary>
    public IReadOnlyList<FileStatus> Files => [.. _watchedPolicies.Status, .. _lists.Select(list => list.Status)];

    /// <summary>Says what the policies and detectors would make of some traffic. Any thread.</summary>
    /// <param name="destination">The destination under the name that <see cref="Flow.To"/> gets.</param>
    /// <param name="refuted">The client's claim about it, where DNS contradicts it.</param>
    /// <param name="learning">What is known of the workload, or of its group.</param>
    /// <param name="now">The time at which threat lists may have expired.</param>
    public DetectionExplanation Explain(Flow flow, Destination destination, RefutedClaim? refuted, LearningExplanation learning, DateTimeOffset now)
    {
        var all = _tuning.Global;
        var group = all.FindGroup(flow.Source);
        var source = group?.Of(flow.Source) ?? flow.Source;
        var entry = Tuning.FindOverride(all, source);
        var options = entry?.Options ?? all;
        var activity = new FlowActivity(flow with { Source = source }, destination, default);
        activity.Add(new NamedIncrement(new Increment(new(flow, Metric.ConnectionsClosed), 1), destination, refuted));
        var (policies, decides) = PolicyExplainer.Explain(_policies.Rules, activity, now);
        return new(
            $"{source}",
            group is null ? "" : $"{group.Match}",
            entry is null ? "" : FormattableString.Invariant($"detection.overrides[{all.Overrides.ToList().IndexOf(entry)}]"),
            learning,
            policies,
            new DetectorExplainer(options, activity, decides, learning, _lists, now).Explain());
    }

    /// <summary>Adds a window.</summary>
    /// <returns>Everything that is true at its end, whether it began with this window or before.</returns>
    public IReadOnlyList<Finding> Observe(NamedReading named)
    {
        RefreshPolicies();
        _habits.BeginWindow(named.Window);
        var input = Sum(named);
        _hits.EndWindow(named.Window.End);
        _policyStates = _review.States(_hits.Current, named.Window.End);
        _metrics.Policies([.. _policyStates.Values]);
        NoteContacts(input);
        foreach (var detector in _detectors) detector.Observe(input);
        Volatile.Write(ref _learning, _habits.Report());
        return
        [
            .. from detector in _detectors
               from finding in detector.Active
               select finding with { Evidence = _tuning.WithMembers(finding.Source, finding.Evidence) },
        ];
    }

    private void RefreshPolicies()
    {
        if (!_watchedPolicies.TryRefresh(_logger)) return;
        (_policies, _review) = (new(_watchedPolicies.Current), new(_watchedPolicies.Current));
        _hits.Keep(_watchedPolicies.Current);
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

    /// <summary>Notes what is new for whom, before any detector asks. All contacts are noted first, because they decide what is common.</summary>
    private void NoteContacts(DetectionInput input)
    {
        var end = input.Window.End;
        // What the mesh refused is no contact.
        NoteFinal(isAllowed: true);
        NoteFinal(isAllowed: false);

        foreach (var workload in input.Seen)
        {
            foreach (var activity in workload.Flows.Where(activity => activity is { Stage: NameStage.Open, IsBlocked: false }))
                Habits.Preview(workload.Habit, activity, end);
        }

        foreach (var workload in input.Settled)
        {
            foreach (var activity in workload.Flows.Where(activity => activity.IsNew)) _habits.CountNewDestination(workload.Habit, activity, end);
        }

        // What is allowed on one port only is noted first, so that the order of increments does not matter.
        void NoteFinal(bool isAllowed)
        {
            foreach (var workload in input.Settled)
            {
                foreach (var activity in workload.Flows.Where(activity => !activity.IsBlocked && activity.IsAllowed == isAllowed))
                    _habits.NoteContact(workload.Habit, activity, end);
            }
        }
    }

    /// <summary>Sums the increments of each flow, in the order in which they came. Leaves out what a policy ignores. The only place that knows how naming
    /// hands increments over.</summary>
    private DetectionInput Sum(NamedReading named)
    {
        var flows = new Dictionary<(Flow, PolicyTags, NameStage), FlowActivity?>();
        var (seen, settled, settledLater) = (new Activities(), new Activities(), new Activities());
        foreach (var increment in named.Increments)
        {
            var source = _tuning.GroupOf(increment.Flow.Source);
            var flow = source == increment.Flow.Source ? increment.Flow : increment.Flow with { Source = source };
            ref var activity = ref CollectionsMarshal.GetValueRefOrAddDefault(flows, (flow, increment.Increment.Id.Tags, increment.Stage), out var isKnown);
            if (!isKnown)
            {
                var first = new FlowActivity(flow, increment.Destination, increment.Increment.Id.Tags, increment.Stage) { SeenAt = named.Window.End };
                if (!_policies.IsEmpty) Judge(first, named.Window.End, increment.IsFinal);
                if (first.Policy is { Action: PolicyAction.Ignore }) continue;
                activity = first;
                if (increment.IsSeen) seen.Add(first, Begin);
                if (increment.IsFinal)
                {
                    settled.Add(first, Begin);
                    if (!increment.IsSeen) settledLater.Add(first, Begin);
                }
            }

            activity?.Add(increment);
        }

        return new(named.Window, seen.ByWorkload, settled.ByWorkload, settledLater.ByWorkload, _policies);

        WorkloadActivity Begin(Workload source)
        {
            var options = _tuning.OptionsFor(source);
            return new(source, options, _habits.GetOrBegin(source, options.Learning, named.Window.End), []);
        }
    }

    /// <summary>Finds the policy that decides about an activity. It counts once, when the name of the destination will not change any more.</summary>
    private void Judge(FlowActivity activity, DateTimeOffset end, bool isFinal)
    {
        activity.Policy = _policies.FirstMatch(activity, end, isFinal ? _hits : null);
        if (isFinal && activity.Policy is { } policy) _hits.Hit(policy);
    }

    /// <summary>Activities by workload, in the order in which they came.</summary>
    private sealed class Activities
    {
        private readonly Dictionary<Workload, WorkloadActivity> _workloads = [];

        public List<WorkloadActivity> ByWorkload { get; } = [];

        public void Add(FlowActivity activity, Func<Workload, WorkloadActivity> begin)
        {
            if (!_workloads.TryGetValue(activity.Source, out var workload))
            {
                ByWorkload.Add(workload = begin(activity.Source));
                _workloads.Add(activity.Source, workload);
            }

            workload.Flows.Add(activity);
        }
    }
}
