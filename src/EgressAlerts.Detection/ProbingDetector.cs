using System.Globalization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary><c>EgressProbing</c>: a workload tries many destinations that refuse it, in a short time: somebody looks for a way out.</summary>
/// <remarks>Remembers at most <see cref="MaxTried"/> attempts of a workload and those of <see cref="MaxWorkloads"/> workloads; further ones are counted and not held.
/// The alerts of the single destinations are inhibited by this one (alerts/alertmanager.yml).</remarks>
internal sealed class ProbingDetector(Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    public const string Name = "EgressProbing";
    private const int MaxTried = 1_000;
    private const int MaxWorkloads = 2_000;

    private readonly Table<Workload, Attempts> _workloads = state.Table(DetectionTables.ByWorkload("probing", DetectionJson.Default.Attempts));

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _workloads.Where(entry => entry.Value.Since != default).Select(entry => Found(entry.Key, entry.Value));

    public void Observe(Sighting sighting)
    {
        var now = sighting.Window.End;
        foreach (var by in sighting.Seen.Where(by => by.Options.Probing.Enabled))
        {
            foreach (var traffic in by.To)
            {
                if (traffic.IsRefused) Note(by.Source, traffic, now);
            }
        }

        foreach (var (workload, attempts) in _workloads)
        {
            var options = tuning.Of(workload).Probing;
            if (attempts.Judge(options, now)) _workloads.Touch(workload);
            if ((attempts.Tried.Count == 0 && attempts.Since == default) || !options.Enabled) _workloads.Remove(workload);
        }
    }

    private void Note(Workload source, Traffic traffic, DateTimeOffset at)
    {
        if (!_workloads.TryFind(source, out var attempts))
        {
            if (_workloads.Count >= MaxWorkloads)
            {
                metrics.Dropped(Name);
                return;
            }

            _workloads.Put(source, attempts = new Attempts());
        }

        // Another port of the same host is another attempt. Beyond the bound it is enough to know that there are many.
        var tried = traffic.Flow.To.Port.Length > 0 ? $"{traffic.Key}, port {traffic.Flow.To.Port}" : traffic.Key;
        if (attempts.Tried.Count >= MaxTried && !attempts.Tried.ContainsKey(tried)) return;
        attempts.Tried[tried] = at;
        _workloads.Touch(source);
    }

    private Finding Found(Workload source, Attempts attempts) => new(
        Name,
        tuning.Of(source).Probing.Severity,
        source,
        "",
        attempts.Since,
        "A workload tries many destinations that refuse it.",
        $"{source} tried {Count(attempts.Most)} different destinations that were blocked or did not answer, within {Text.Length(tuning.Of(source).Probing.Within)}, first at {Text.Time(attempts.Since)}, last at {Text.Time(attempts.Last)}. "
        + $"Expected: fewer than {tuning.Of(source).Probing.Destinations}. The latest: {string.Join("; ", attempts.Tried.OrderByDescending(tried => tried.Value).ThenBy(tried => tried.Key, StringComparer.Ordinal).Take(5).Select(tried => Text.Unlinked(tried.Key)))}. "
        + $"Resolves after {Text.Length(tuning.Of(source).Probing.Quiet)} with fewer.",
        NameSource.Unknown,
        Confirmed: false,
        $"count(count by (destination, destination_port) ({{{Text.Tried},{Text.Source(source)},route=\"blocked\"}}))");

    private static string Count(int tried) => tried < MaxTried ? tried.ToString(CultureInfo.InvariantCulture) : $"{MaxTried} or more";
}

/// <summary>What one workload tried in vain.</summary>
internal sealed class Attempts
{
    /// <summary>When it became too many; the default value where it is not.</summary>
    public DateTimeOffset Since { get; set; }

    public DateTimeOffset Last { get; set; }

    public int Most { get; set; }

    public Dictionary<string, DateTimeOffset> Tried { get; init; } = [];

    /// <summary>Forgets what is old, and says whether there are too many.</summary>
    /// <returns>Whether anything has changed.</returns>
    public bool Judge(ProbingOptions options, DateTimeOffset now)
    {
        var before = Tried.Count;
        foreach (var (tried, at) in Tried)
        {
            if (now - at >= options.Within) Tried.Remove(tried);
        }

        if (Tried.Count >= options.Destinations)
        {
            if (Since == default) Since = now;
            (Last, Most) = (now, Math.Max(Most, Tried.Count));
            return true;
        }

        if (Since == default || now - Last < options.Quiet) return Tried.Count < before;
        (Since, Most) = (default, 0);
        return true;
    }
}
