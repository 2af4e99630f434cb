using System.Globalization;
using System.Text.Json.Serialization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressProbing</c>: a workload tries many destinations that refuse it, in a short time: somebody looks for a way out.</summary>
/// <remarks>Remembers at most <see cref="MaxTried"/> attempts of a workload and those of <see cref="MaxWorkloads"/> workloads; further ones are counted and not held.
/// The alerts of the single destinations are inhibited by this one (alerts/alertmanager.yml).</remarks>
internal sealed class ProbingDetector : IDetector
{
    public const string Name = "EgressProbing";
    private const int MaxTried = 1_000;
    private const int MaxWorkloads = 2_000;

    private readonly Tuning _tuning;
    private readonly DetectionMetrics _metrics;
    private readonly Table<Workload, Attempts> _workloads;
    private readonly Rows<(Workload Source, string Tried), DateTimeOffset> _tried;

    public ProbingDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_tuning, _metrics) = (tuning, metrics);
        _workloads = state.Table(DetectionTables.ByWorkload("probing", DetectionJson.Default.Attempts));
        (_tried, var loaded, _) = state.Rows(DetectionTables.ByPair<DateTimeOffset>(
            "attempt", "tried", ["last"], at => [at.ToUnixTimeMilliseconds()], values => DateTimeOffset.FromUnixTimeMilliseconds((long)values[0])), TryFind);
        foreach (var ((source, tried), last) in loaded)
        {
            if (_workloads.TryFind(source, out var attempts)) attempts.Tried.Add(tried, last == Attempts.InLatest ? attempts.Latest : last);
            else _tried.Touch((source, tried)); // The row of its workload could not be read.
        }
    }

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _workloads.Where(entry => entry.Value.Since != default).Select(entry => Found(entry.Key, entry.Value));

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        foreach (var by in sighting.Seen.Where(by => by.Options.Probing.Enabled && by.Signs.HasFlag(Signs.Refused))) Note(by, now);
        foreach (var (source, attempts) in _workloads)
        {
            var options = _tuning.Of(source).Probing;
            foreach (var tried in attempts.Forget(options, now)) _tried.Touch((source, tried));
            if (attempts.Judge(options, now)) _workloads.Touch(source);
            if (attempts.Tried.Count == 0 && (attempts.Since == default || !options.Enabled)) _workloads.Remove(source);
        }
    }

    private bool TryFind((Workload Source, string Tried) key, out DateTimeOffset last)
    {
        last = default;
        if (!_workloads.TryFind(key.Source, out var attempts) || !attempts.Tried.TryGetValue(key.Tried, out last)) return false;
        if (last == attempts.Latest) last = Attempts.InLatest;
        return true;
    }

    private void Note(WorkloadTraffic by, DateTimeOffset now)
    {
        if (!_workloads.TryFind(by.Source, out var attempts))
        {
            if (_workloads.Count >= MaxWorkloads)
            {
                _metrics.Dropped(Name);
                return;
            }

            _workloads.Put(by.Source, attempts = new Attempts());
        }

        var before = attempts.Latest;
        attempts.Latest = now;
        _workloads.Touch(by.Source);
        foreach (var traffic in by.To.Where(traffic => traffic.IsRefused))
        {
            // Another port of the same host is another attempt. All addresses of a name that the workload used before are one: when it is down, nobody is probing.
            // Beyond the bound it is enough to know that there are many.
            var whom = traffic is { IsBlocked: false, IsNew: false } ? traffic.KnownAs : traffic.Key;
            var tried = traffic.Flow.To.Port.Length > 0 ? $"{whom}, port {traffic.Flow.To.Port}" : whom;
            var isKnown = attempts.Tried.TryGetValue(tried, out var last);
            if (!isKnown && attempts.Tried.Count >= MaxTried) continue;
            attempts.Tried[tried] = now;
            if (!isKnown || last < before) _tried.Touch((by.Source, tried));
        }

        foreach (var (tried, last) in attempts.Tried)
        {
            if (last == before) _tried.Touch((by.Source, tried)); // It was tried in the latest window before, and not in this one.
        }
    }

    private Finding Found(Workload source, Attempts attempts) => new(
        Name,
        _tuning.Of(source).Probing.Severity,
        source,
        "",
        attempts.Since,
        "A workload tries many destinations that refuse it.",
        $"{source} tried {Count(attempts.Most)} different destinations that were blocked or did not answer, within {Text.Length(_tuning.Of(source).Probing.Within)}, first at {Text.Time(attempts.Since)}, last at {Text.Time(attempts.Last)}. "
        + $"Expected: fewer than {_tuning.Of(source).Probing.Destinations}. The latest: {string.Join("; ", attempts.Tried.OrderByDescending(tried => tried.Value).ThenBy(tried => tried.Key, StringComparer.Ordinal).Take(5).Select(tried => Text.Unlinked(tried.Key)))}. "
        + $"Resolves after {Text.Length(_tuning.Of(source).Probing.Quiet)} with fewer.",
        NameSource.Unknown,
        Confirmed: false,
        $"count(count by (destination, destination_port) ({{{Text.Tried},{Text.Source(source)},route=\"blocked\"}}))");

    private static string Count(int tried) => tried < MaxTried ? tried.ToString(CultureInfo.InvariantCulture) : $"{MaxTried} or more";
}

/// <summary>What one workload tried in vain.</summary>
internal sealed class Attempts
{
    /// <summary>Stands in the database for the time <see cref="Latest"/>. So a row stays as it is while the same is tried again in each window.</summary>
    public static readonly DateTimeOffset InLatest = DateTimeOffset.UnixEpoch;

    /// <summary>When it became too many; the default value where it is not.</summary>
    public DateTimeOffset Since { get; set; }

    public DateTimeOffset Last { get; set; }

    public int Most { get; set; }

    /// <summary>The end of the last window in which it tried anything in vain.</summary>
    public DateTimeOffset Latest { get; set; }

    /// <summary>What it tried, and when it last did.</summary>
    [JsonIgnore]
    public Dictionary<string, DateTimeOffset> Tried { get; } = [];

    /// <summary>Forgets what is old, or all where nobody watches any more.</summary>
    /// <returns>What has been forgotten.</returns>
    public IReadOnlyList<string> Forget(ProbingOptions options, DateTimeOffset now)
    {
        List<string> old = [.. Tried.Where(tried => !options.Enabled || now - tried.Value >= options.Within).Select(tried => tried.Key)];
        foreach (var tried in old) Tried.Remove(tried);
        return old;
    }

    /// <summary>Says whether there are too many.</summary>
    /// <returns>Whether anything has changed.</returns>
    public bool Judge(ProbingOptions options, DateTimeOffset now)
    {
        if (Tried.Count >= options.Destinations)
        {
            if (Since == default) Since = now;
            (Last, Most) = (now, Math.Max(Most, Tried.Count));
            return true;
        }

        if (Since == default || now - Last < options.Quiet) return false;
        (Since, Most) = (default, 0);
        return true;
    }
}
