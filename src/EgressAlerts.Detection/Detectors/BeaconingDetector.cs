using static System.FormattableString;

namespace EgressAlerts.Detection;

/// <summary><c>EgressBeaconing</c>: small exchanges with a destination come at regular times, as from malware that asks for orders.</summary>
/// <remarks>Follows only what a workload began after it had been learned: a pulse that has always been there is a habit. At most
/// <see cref="DetectionOptions.MaxPulses"/> are followed. Where new ones find no room, at most a tenth is forgotten in a window: the pulses that came
/// least often. New ones that still find no room are dropped and counted.</remarks>
internal sealed class BeaconingDetector(Habits habits, DetectionOptions bounds, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    public const string Name = "EgressBeaconing";

    /// <summary>A rollout: workloads of so many other namespaces began the same pulse within <see cref="Rollout"/>.</summary>
    private const int RolloutNamespaces = 2;

    /// <summary>Periods that differ by no more than this part of themselves are the same.</summary>
    private const double SamePeriod = 0.2;

    private static readonly TimeSpan Rollout = TimeSpan.FromDays(7);

    /// <summary>A finding that wakes nobody stays until the digest of the next day has told it. After that its pulse is known.</summary>
    private static readonly TimeSpan UntilKnown = TimeSpan.FromHours(25);

    private readonly Bound _bound = new(Name, bounds.MaxPulses, metrics);
    private readonly Table<(Workload Source, string Name), Beacon> _beacons =
        state.Table(DetectionTables.ByPair("pulse", "destination", DetectionJson.Default.Beacon));

    private HashSet<(Workload Source, string Name)>? _firing;

    /// <summary>Addresses of one unconfirmed name are followed one by one, but are one finding.</summary>
    public IEnumerable<Finding> Active => Firing
        .Select(key => (key.Source, key.Name, Beacon: _beacons[key]))
        .GroupBy(entry => (entry.Source, entry.Beacon.Name))
        .Select(group => group.OrderBy(entry => entry.Beacon.Since).ThenBy(entry => entry.Name, StringComparer.Ordinal).First())
        .Select(entry => Found(entry.Source, entry.Beacon));

    /// <summary>The few beacons that fire, so that no window has to look for them among all.</summary>
    private HashSet<(Workload Source, string Name)> Firing => _firing ??= [.. _beacons.Where(entry => entry.Value.IsFiring).Select(entry => entry.Key)];

    public void Observe(DetectionInput input)
    {
        var (now, window) = (input.Window.End, input.Window.Length);
        var (followed, fresh) = (new List<(Beacon Beacon, FlowActivity Activity)>(), new List<FlowActivity>());
        foreach (var workload in input.Seen.Where(workload => workload.Options.Beaconing.Enabled))
        {
            foreach (var activity in workload.Flows)
            {
                if (activity.IsBlocked || !workload.Habit.IsAfterLearning(activity.FirstContact)) continue;
                if (IsAllowed(workload.Options.Beaconing, activity.Destination)) continue;
                if (activity.IsAllowed) continue;
                if (_beacons.TryFind(KeyOf(activity), out var beacon)) followed.Add((beacon, activity));
                else fresh.Add(activity);
            }
        }

        foreach (var (beacon, activity) in followed)
        {
            beacon.Add(activity, now, window);
            _beacons.Touch(KeyOf(activity));
        }

        Begin(fresh, now, window);

        // All flows of a window are one exchange, so none is evaluated before all are added.
        foreach (var (beacon, activity) in followed)
        {
            var options = tuning.OptionsFor(activity.Source).Beaconing;
            if (beacon.IsDue(options, now) && beacon.Evaluate(options, habits.IsCommon(activity, isOld: false), now, window) && _beacons.Has(KeyOf(activity)))
                Firing.Add(KeyOf(activity));
        }

        // Severities are decided once all that begin with this window are known, and in the order of their names. So the order of increments does not matter.
        var begun = Firing.Where(key => _beacons[key] is { IsFiring: true, Severity: "" }).OrderBy(key => $"{key.Source}", StringComparer.Ordinal).ToList();
        foreach (var key in begun) _beacons[key].Severity = SeverityOf(key.Source, key.Name, _beacons[key]);

        foreach (var key in Firing)
        {
            if (input.Allows(_beacons[key].Flow, _beacons[key].Destination))
            {
                // Once the policy has ended, its exchanges count anew.
                Firing.Remove(key);
                _beacons.Remove(key);
                continue;
            }

            if (!IsOver(_beacons[key], tuning.OptionsFor(key.Source).Beaconing, now)) continue;
            _beacons[key].End();
            _beacons.Touch(key);
            Firing.Remove(key);
        }
    }

    private static (Workload Source, string Name) KeyOf(FlowActivity activity) => (activity.Source, activity.KnownAs);

    /// <summary>A pulse is allowed by a confirmed name alone, because malware can claim any.</summary>
    public static bool IsAllowed(BeaconingOptions options, Destination destination) =>
        destination.Confirmed && options.Known.Any(known => known.Matches(destination.Name));

    private static bool IsOver(Beacon beacon, BeaconingOptions options, DateTimeOffset now)
    {
        beacon.IsKnown |= beacon.Severity == Severities.Info && now - beacon.Since >= UntilKnown;
        // A pulse that slows down is not over at once.
        var quiet = TimeSpan.FromSeconds(Math.Max(options.Quiet.TotalSeconds, 3 * beacon.Pulse.Period));
        return !options.Enabled || !beacon.IsFiring || beacon.IsKnown || beacon.IsOver(now, quiet);
    }

    /// <summary>Begins to follow what is not followed yet. Two flows of a window may be one pulse.</summary>
    private void Begin(List<FlowActivity> fresh, DateTimeOffset now, TimeSpan window)
    {
        if (_beacons.Count + fresh.Count > bounds.MaxPulses) MakeRoom(fresh.Count, now);
        foreach (var activity in fresh)
        {
            if (_bound.TryGetOrBegin(_beacons, KeyOf(activity), Begin, out var beacon)) beacon.Add(activity, now, window);

            Beacon Begin() => new() { Name = activity.Destination.Name, Flow = activity.Flow, Destination = activity.Destination };
        }
    }

    /// <summary>Forgets what has ended, then what came least often: a flood of single contacts must not push out a beacon.</summary>
    private void MakeRoom(int wanted, DateTimeOffset now)
    {
        foreach (var (key, beacon) in _beacons)
        {
            if (!beacon.IsFiring && beacon.Pulse.HasEnded(now)) _beacons.Remove(key);
        }

        var surplus = _beacons.Count - (bounds.MaxPulses - Math.Min(wanted, bounds.MaxPulses / 10));
        if (surplus <= 0) return;
        metrics.Dropped(Name, surplus);
        var least = _beacons
            .OrderBy(entry => entry.Value.IsFiring).ThenBy(entry => entry.Value.Pulse.Count).ThenBy(entry => entry.Value.Pulse.Last)
            .ThenBy(entry => entry.Key.Name, StringComparer.Ordinal).ThenBy(entry => $"{entry.Key.Source}", StringComparer.Ordinal);
        foreach (var (key, _) in least.Take(surplus).ToList())
        {
            _beacons.Remove(key);
            Firing.Remove(key);
        }
    }

    /// <summary>The severity is <c>info</c> for what many talk to, what is registered in the mesh, what is being rolled out, and what fires for another
    /// workload already. It is decided once, because an alert that fires does not change its severity.</summary>
    private string SeverityOf(Workload source, string name, Beacon beacon)
    {
        if (beacon.IsCommon || beacon.Destination.Source == NameSource.Registry) return Severities.Info;
        // Pulses of other workloads with the same destination and the same period.
        List<(Workload Source, Beacon Beacon)> others =
        [
            .. from entry in _beacons
               where entry.Key.Name == name && entry.Key.Source != source
               where entry.Value.Pulse.Count >= tuning.OptionsFor(entry.Key.Source).Beaconing.Exchanges
               where Math.Abs(entry.Value.Pulse.Period - beacon.Pulse.Period) <= SamePeriod * beacon.Pulse.Period
               select (entry.Key.Source, entry.Value),
        ];
        var isReported = others.Exists(other => other.Beacon.IsFiring && other.Beacon.Severity != Severities.Info
            && (other.Beacon.Since < beacon.Since || (other.Beacon.Since == beacon.Since && Workload.Order.Compare(other.Source, source) < 0)));
        var namespaces = others.Where(other => (other.Beacon.Pulse.First - beacon.Pulse.First).Duration() <= Rollout)
            .Select(other => (other.Source.Cluster, other.Source.Namespace)).Where(other => other != (source.Cluster, source.Namespace)).Distinct();
        return isReported || namespaces.Count() >= RolloutNamespaces ? Severities.Info : tuning.OptionsFor(source).Beaconing.Severity;
    }

    private Finding Found(Workload source, Beacon beacon)
    {
        var options = tuning.OptionsFor(source).Beaconing;
        var (pulse, score) = (beacon.Pulse, beacon.Score);
        var period = Wording.Duration(TimeSpan.FromSeconds(pulse.Period));
        var even = beacon.Even is { } found
            ? Invariant($" The number of exchanges in {found.Windows} windows varies {found.Fano:0.00} times as much as by chance. ")
                + "Below 0.35 that is reported too."
            : "";
        return new(
            Name, beacon.Severity, source, beacon.Name, beacon.Since,
            $"{source} contacts {Wording.Place(beacon.Name, beacon.Destination.Confirmed, beacon.Flow.To.Port)} every {period}, "
            + $"{Wording.Bytes(pulse.TypicalBytes)} at a time",
            $"{source} has contacted {Wording.Destination(beacon.Flow, beacon.Destination)} every {period} since {Wording.Time(pulse.First)}, "
            + $"with about {Wording.Bytes(pulse.TypicalBytes)} both ways at a time. "
            + "Small exchanges at regular times are a health check, a check of a licence, or malware that asks for orders. "
            + Invariant($"The regularity is {score.Total * 100:0} of 100 (intervals {score.Intervals * 100:0}, sizes {score.Sizes * 100:0}, ")
            + Invariant($"evenness {score.Evenness * 100:0}, duration {score.Duration * 100:0}). It is reported from {options.Score} on, ")
            + $"if it was not there while this workload was learned.{even} If it is wanted, add its name to detection.beaconing.known.",
            beacon.Destination.Source, beacon.Destination.Confirmed, PromQl.Pulse(source, beacon.Name))
        {
            Facts = new(
                Invariant($"regularity {score.Total * 100:0} of 100, every {period}"),
                Invariant($"less than {options.Score} of 100"),
                "detection.beaconing.score"),
            Flow = beacon.Flow,
            Ends = $"It resolves after {Wording.Duration(options.Quiet)} without it, or after three of its periods if that is longer.",
        };
    }
}
