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

    /// <summary>What half of the namespaces talk to is less likely malware; RITA takes as much off.</summary>
    private const double CommonMalus = 0.15;

    /// <summary>A score that falls a little does not end a finding.</summary>
    private const double Hysteresis = 0.05;

    private static readonly TimeSpan JudgeEvery = TimeSpan.FromMinutes(5);

    private readonly Table<(Workload Source, string Name), Beacon> _beacons =
        state.Table(DetectionTables.ByPair("pulse", "destination", DetectionJson.Default.Beacon));

    public string AlertName => Name;

    /// <summary>Addresses of one name that nobody vouches for are followed one by one, but are one finding.</summary>
    public IEnumerable<Finding> Active => _beacons
        .Where(entry => entry.Value.IsFiring)
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

        foreach (var (beacon, _, traffic) in noted) beacon.Note(traffic, now);
        Begin(fresh, now);

        // All of a window's flows are one exchange: it is whole before it is judged.
        foreach (var (beacon, options, traffic) in noted)
        {
            if (beacon.Pulse.Count >= options.Exchanges && now - beacon.Judged >= JudgeEvery) Judge(beacon, options, traffic, now, window);
        }

        foreach (var (key, beacon) in _beacons.Where(entry => entry.Value.IsFiring))
        {
            // A pulse that slows down is not over at once.
            var options = tuning.Of(key.Source).Beaconing;
            var quiet = TimeSpan.FromSeconds(Math.Max(options.Quiet.TotalSeconds, 3 * beacon.Pulse.Period));
            if (options.Enabled && now - beacon.Pulse.Last < quiet) continue;
            beacon.Since = default;
            _beacons.Touch(key);
        }
    }

    /// <summary>Pulses that the user knows of are told by names that somebody vouches for: malware can claim any.</summary>
    private static bool IsKnown(BeaconingOptions options, Destination destination) => destination.Confirmed && options.Known.Any(known => known.Matches(destination.Name));

    /// <summary>Begins to follow what is not followed yet, as long as there is room.</summary>
    private void Begin(List<(Workload Source, Traffic Traffic)> fresh, DateTimeOffset now)
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

            beacon.Note(traffic, now);
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
        foreach (var (key, _) in least.Take(surplus).ToList()) _beacons.Remove(key);
    }

    private void Judge(Beacon beacon, BeaconingOptions options, Traffic traffic, DateTimeOffset now, TimeSpan window)
    {
        beacon.Judged = now;
        beacon.Score = beacon.Pulse.Score(window);
        var score = beacon.Score.Total - (habits.IsCommon(traffic, isOld: false) ? CommonMalus : 0);
        var least = options.Score / 100.0;
        if (score < least - Hysteresis || beacon.Pulse.TypicalBytes > options.MaxBytes) beacon.Since = default;
        else if (score >= least && !beacon.IsFiring) beacon.Since = now;
    }

    private Finding Found(Workload source, Beacon beacon)
    {
        var options = tuning.Of(source).Beaconing;
        var (pulse, score) = (beacon.Pulse, beacon.Score);
        return new(
            Name,
            options.Severity,
            source,
            beacon.Name,
            beacon.Since,
            "A workload exchanges little with a destination at regular times.",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{source} talks to {Text.Of(beacon.Flow, beacon.Destination)} every {Text.Length(TimeSpan.FromSeconds(pulse.Period))}, with about {Text.Bytes(pulse.TypicalBytes)} both ways at a time, since {Text.Time(pulse.First)}. ")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"Regularity {score.Total * 100:0} of 100 (intervals {score.Intervals * 100:0}, sizes {score.Sizes * 100:0}, evenness {score.Evenness * 100:0}, duration {score.Duration * 100:0}). Expected: less than {options.Score}, or a pulse that was there while this workload was learned. ")
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

    public DateTimeOffset Since { get; set; }

    public bool IsFiring => Since != default;

    /// <summary>The destination was talked to in a window that ended now.</summary>
    public void Note(Traffic traffic, DateTimeOffset now)
    {
        Destination = traffic.Destination;
        Pulse.Add(now, traffic.Upload + traffic.Download);
    }
}
