using System.Globalization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressBeaconing</c>: small exchanges with a destination come at regular times, as from malware that asks for orders.</summary>
/// <remarks>Only what a workload began after it had been learned is followed: a pulse that has always been there is a habit. At most
/// <see cref="DetectionOptions.MaxPulses"/> are followed. Where new ones find no room, the pulses that came least often are forgotten, at most a tenth in a
/// window. New ones that still find no room are dropped.</remarks>
internal sealed class BeaconingDetector(Habits habits, DetectionOptions bounds, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    public const string Name = "EgressBeaconing";

    /// <summary>A score may fall so far, and may be below that so often, before it ends a finding: a beacon with jitter is one finding, not many.</summary>
    private const double LeastHeld = 0.65;
    private const int MostBelow = 6;

    /// <summary>Sizes that vary more than this are no beacon's, however even its times are.</summary>
    private const double LeastOfSizes = 0.7;

    /// <summary>So many other namespaces that began the same pulse make it a rollout.</summary>
    private const int RolloutNamespaces = 2;
    private const double SamePeriod = 0.2;

    private static readonly TimeSpan JudgeEvery = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Rollout = TimeSpan.FromDays(7);

    /// <summary>What nobody is woken for stays until the digest of the next day has told it. After that it is a pulse that is known.</summary>
    private static readonly TimeSpan UntilKnown = TimeSpan.FromHours(25);

    private readonly Table<(Workload Source, string Name), Beacon> _beacons =
        state.Table(DetectionTables.ByPair("pulse", "destination", DetectionJson.Default.Beacon));

    /// <summary>Those that fire; null until they were looked for once. All others would have to be passed over with each window.</summary>
    private HashSet<(Workload Source, string Name)>? _firing;

    public string AlertName => Name;

    private HashSet<(Workload Source, string Name)> Firing => _firing ??= [.. _beacons.Where(entry => entry.Value.IsFiring).Select(entry => entry.Key)];

    /// <summary>Addresses of one name that nobody vouches for are followed one by one, but are one finding.</summary>
    public IEnumerable<Finding> Active => Firing
        .Select(key => KeyValuePair.Create(key, _beacons[key]))
        .GroupBy(entry => (entry.Key.Source, entry.Value.Name))
        .Select(group => group.OrderBy(entry => entry.Value.Since).ThenBy(entry => entry.Key.Name, StringComparer.Ordinal).First())
        .Select(entry => Found(entry.Key.Source, entry.Value));

    public void Observe(Sighting sighting)
    {
        var (now, window) = (sighting.Window.End, sighting.Window.Length);
        var (noted, fresh) = (new List<(Beacon Beacon, BeaconingOptions Options, Traffic Traffic)>(), new List<(Workload Source, Traffic Traffic)>());
        foreach (var by in sighting.Seen)
        {
            var options = by.Options.Beaconing;
            if (!options.Enabled) continue;
            foreach (var traffic in by.To)
            {
                if (traffic.IsBlocked || !by.Habit.IsLater(traffic.Met) || IsKnown(options, traffic.Destination)) continue;
                if (!_beacons.TryFind((by.Source, traffic.KnownAs), out var beacon))
                {
                    fresh.Add((by.Source, traffic));
                    continue;
                }

                _beacons.Touch((by.Source, traffic.KnownAs));
                noted.Add((beacon, options, traffic));
            }
        }

        foreach (var (beacon, _, traffic) in noted) beacon.Note(traffic, now, window);
        Begin(fresh, now, window);

        // All of a window's flows are one exchange: it is whole before it is judged.
        foreach (var (beacon, options, traffic) in noted)
        {
            if (beacon.IsKnown || beacon.Pulse.Count < options.Exchanges || now - beacon.Judged < JudgeEvery) continue;
            var key = (traffic.Flow.Source, traffic.KnownAs);
            if (Judge(beacon, options, traffic, now, window) && _beacons.Has(key)) Firing.Add(key);
        }

        // Once all that begin with this window are known, and by name: whose pulse is whose does not depend on the order in which they came.
        var begun = Firing.Where(key => _beacons[key] is { IsFiring: true, Severity: "" }).OrderBy(key => $"{key.Source}", StringComparer.Ordinal).ToList();
        foreach (var key in begun) _beacons[key].Severity = SeverityOf(key.Source, key.Name, _beacons[key]);

        foreach (var key in Firing)
        {
            var beacon = _beacons[key];
            // A pulse that slows down is not over at once.
            var options = tuning.Of(key.Source).Beaconing;
            var quiet = TimeSpan.FromSeconds(Math.Max(options.Quiet.TotalSeconds, 3 * beacon.Pulse.Period));
            beacon.IsKnown |= beacon.Severity == Severities.Info && now - beacon.Since >= UntilKnown;
            if (options.Enabled && beacon.IsFiring && !beacon.IsKnown && now - beacon.Pulse.Last < quiet) continue;
            beacon.End();
            Firing.Remove(key);
            _beacons.Touch(key);
        }
    }

    /// <summary>Pulses that the user knows of are told by names that somebody vouches for: malware can claim any.</summary>
    private static bool IsKnown(BeaconingOptions options, Destination destination) => destination.Confirmed && options.Known.Any(known => known.Matches(destination.Name));

    /// <summary>Begins to follow what is not followed yet, as long as there is room.</summary>
    private void Begin(List<(Workload Source, Traffic Traffic)> fresh, DateTimeOffset now, TimeSpan window)
    {
        if (_beacons.Count + fresh.Count > bounds.MaxPulses) MakeRoom(fresh.Count, now);
        foreach (var (source, traffic) in fresh)
        {
            // Two flows of a window may be one pulse.
            if (!_beacons.TryFind((source, traffic.KnownAs), out var beacon))
            {
                if (_beacons.Count >= bounds.MaxPulses)
                {
                    metrics.Dropped(Name);
                    continue;
                }

                _beacons.Put((source, traffic.KnownAs), beacon = new Beacon { Name = traffic.Destination.Name, Flow = traffic.Flow, Destination = traffic.Destination });
            }

            beacon.Note(traffic, now, window);
        }
    }

    /// <summary>What has ended goes first, then what came least often: a flood of single contacts does not push a beacon out.</summary>
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

    /// <returns>Whether it fires.</returns>
    private bool Judge(Beacon beacon, BeaconingOptions options, Traffic traffic, DateTimeOffset now, TimeSpan window)
    {
        var score = beacon.Pulse.Score(window);
        (beacon.Judged, beacon.Score, beacon.IsCommon) = (now, score, habits.IsCommon(traffic, isOld: false));
        var even = score.Sizes >= LeastOfSizes ? beacon.Pulse.Counts.Find() : null;
        beacon.Even = even is { } found && found.Exchanges / found.Windows * beacon.Pulse.TypicalBytes <= options.MaxBytes ? found : null;
        var isBeacon = (score.Total >= options.Score / 100.0 || beacon.Even is not null) && beacon.Pulse.TypicalBytes <= options.MaxBytes;
        if (isBeacon && !beacon.IsFiring) beacon.Since = now;
        beacon.Below = isBeacon || score.Total >= LeastHeld ? 0 : beacon.Below + 1;
        if (beacon.Below >= MostBelow) beacon.End();
        return beacon.IsFiring;
    }

    /// <summary>What many talk to, what the mesh's owners have registered, what is being rolled out, and what fires for another workload already, is told,
    /// and nobody is woken for it. Decided once: an alert that fires does not change its severity.</summary>
    private string SeverityOf(Workload source, string name, Beacon beacon)
    {
        if (beacon.IsCommon || beacon.Destination.Source == NameSource.Registry) return Severities.Info;
        List<KeyValuePair<(Workload Source, string Name), Beacon>> same = [.. Same(source, name, beacon)];
        var isTold = same.Exists(entry => entry.Value.IsFiring && entry.Value.Severity != Severities.Info
            && (entry.Value.Since < beacon.Since || (entry.Value.Since == beacon.Since && string.CompareOrdinal($"{entry.Key.Source}", $"{source}") < 0)));
        var isRollout = same.Where(entry => (entry.Value.Pulse.First - beacon.Pulse.First).Duration() <= Rollout)
            .Select(entry => entry.Key.Source.Namespace).Where(other => other != source.Namespace).Distinct().Take(RolloutNamespaces).Count() == RolloutNamespaces;
        return isTold || isRollout ? Severities.Info : tuning.Of(source).Beaconing.Severity;
    }

    /// <summary>Other workloads' pulses with the same destination and the same period.</summary>
    private IEnumerable<KeyValuePair<(Workload Source, string Name), Beacon>> Same(Workload source, string name, Beacon beacon) => _beacons.Where(entry =>
        entry.Key.Name == name && entry.Key.Source != source
        && entry.Value.Pulse.Count >= tuning.Of(entry.Key.Source).Beaconing.Exchanges
        && Math.Abs(entry.Value.Pulse.Period - beacon.Pulse.Period) <= SamePeriod * beacon.Pulse.Period);

    private Finding Found(Workload source, Beacon beacon)
    {
        var options = tuning.Of(source).Beaconing;
        var (pulse, score) = (beacon.Pulse, beacon.Score);
        var even = beacon.Even is { } found
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" The number of exchanges in {found.Windows} windows varies {found.Fano:0.00} times as much as by chance (expected: 0.35 at least).")
            : "";
        return new(
            Name,
            beacon.Severity,
            source,
            beacon.Name,
            beacon.Since,
            "A workload exchanges little with a destination at regular times.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{source} talks to {Text.Of(beacon.Flow, beacon.Destination)} every {Text.Length(TimeSpan.FromSeconds(pulse.Period))}, with about {Text.Bytes(pulse.TypicalBytes)} both ways at a time, since {Text.Time(pulse.First)}. ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"Regularity {score.Total * 100:0} of 100 (intervals {score.Intervals * 100:0}, sizes {score.Sizes * 100:0}, evenness {score.Evenness * 100:0}, duration {score.Duration * 100:0}). Expected: less than {options.Score}, or a pulse that was there while this workload was learned.{even} ")
            + $"Wanted: add its name to detection.beaconing.known. Resolves after {Text.Length(options.Quiet)} without it, or three of its periods.",
            beacon.Destination.Source,
            beacon.Destination.Confirmed,
            $"sum by (destination) (increase({{{Text.Tried},{Text.Source(source)},destination=\"{beacon.Name}\"}}[5m]))");
    }
}

/// <summary>What may be a beacon.</summary>
internal sealed class Beacon
{
    /// <summary>What the destination was called at first: the finding keeps it.</summary>
    public required string Name { get; init; }

    public required Flow Flow { get; init; }

    public required Destination Destination { get; set; }

    public Pulse Pulse { get; init; } = new();

    public DateTimeOffset Judged { get; set; }

    public PulseScore Score { get; set; }

    /// <summary>What is too even to be chance; null where nothing is.</summary>
    public Evenness? Even { get; set; }

    /// <summary>How many times in a row it was less than a beacon.</summary>
    public int Below { get; set; }

    /// <summary>Whether half of the other namespaces talk to it too.</summary>
    public bool IsCommon { get; set; }

    public DateTimeOffset Since { get; set; }

    /// <summary>Of what fires; empty until it is decided.</summary>
    public string Severity { get; set; } = "";

    /// <summary>Whether it has been told as <c>info</c> and is told no more, as long as it goes on.</summary>
    public bool IsKnown { get; set; }

    public bool IsFiring => Since != default;

    public void End() => (Since, Severity) = (default, "");

    /// <summary>The destination was talked to in a window that ended now.</summary>
    public void Note(Traffic traffic, DateTimeOffset now, TimeSpan window)
    {
        Destination = traffic.Destination;
        IsKnown &= !Pulse.HasEnded(now);
        Pulse.Add(now, window, Math.Max(1, traffic.Count), traffic.Upload + traffic.Download);
    }
}
