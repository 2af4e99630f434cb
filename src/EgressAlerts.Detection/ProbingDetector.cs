using System.Globalization;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressProbing</c>: a workload tries many destinations that refuse it, in a short time: somebody looks for a way out.</summary>
/// <remarks>Remembers at most <see cref="MaxTried"/> attempts of a workload and those of <see cref="MaxWorkloads"/> workloads; further ones are counted and not held.
/// The alerts of the single destinations are inhibited by this one (alerts/alertmanager.yml).</remarks>
internal sealed class ProbingDetector(Tuning tuning, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressProbing";
    private const int MaxTried = 1_000;
    private const int MaxWorkloads = 2_000;

    private readonly Dictionary<Workload, Attempts> _workloads = [];

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

        foreach (var (workload, attempts) in _workloads.ToList())
        {
            var options = tuning.Of(workload).Probing;
            foreach (var old in attempts.Tried.Where(tried => now - tried.Value >= options.Within).Select(tried => tried.Key).ToList()) attempts.Tried.Remove(old);
            if (attempts.Tried.Count >= options.Destinations)
            {
                if (attempts.Since == default) attempts.Since = now;
                (attempts.Last, attempts.Most) = (now, Math.Max(attempts.Most, attempts.Tried.Count));
            }
            else if (attempts.Since != default && now - attempts.Last >= options.Quiet)
            {
                (attempts.Since, attempts.Most) = (default, 0);
            }

            if ((attempts.Tried.Count == 0 && attempts.Since == default) || !options.Enabled) _workloads.Remove(workload);
        }
    }

    public void Save(BinaryWriter to) => to.WriteAll(_workloads, entry =>
    {
        to.Write(entry.Key);
        to.Write(entry.Value.Since);
        to.Write(entry.Value.Last);
        to.Write(entry.Value.Most);
        to.WriteAll(entry.Value.Tried, tried =>
        {
            to.Write(tried.Key);
            to.Write(tried.Value);
        });
    });

    public void Load(BinaryReader from)
    {
        foreach (var (workload, attempts) in from.ReadAll(() => (from.ReadWorkload(), ReadAttempts(from)))) _workloads[workload] = attempts;
    }

    private static Attempts ReadAttempts(BinaryReader from)
    {
        var attempts = new Attempts { Since = from.ReadInstant(), Last = from.ReadInstant(), Most = from.ReadInt32() };
        foreach (var (tried, at) in from.ReadAll(() => (from.ReadString(), from.ReadInstant()))) attempts.Tried[tried] = at;
        return attempts;
    }

    private void Note(Workload source, Traffic traffic, DateTimeOffset at)
    {
        if (!_workloads.TryGetValue(source, out var attempts))
        {
            if (_workloads.Count >= MaxWorkloads)
            {
                metrics.Dropped(Name);
                return;
            }

            _workloads.Add(source, attempts = new Attempts());
        }

        // Another port of the same host is another attempt. Beyond the bound it is enough to know that there are many.
        var tried = traffic.Flow.To.Port.Length > 0 ? $"{traffic.Key}, port {traffic.Flow.To.Port}" : traffic.Key;
        if (attempts.Tried.Count < MaxTried || attempts.Tried.ContainsKey(tried)) attempts.Tried[tried] = at;
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

    /// <summary>What one workload tried in vain.</summary>
    private sealed class Attempts
    {
        /// <summary>When it became too many; the default value where it is not.</summary>
        public DateTimeOffset Since { get; set; }

        public DateTimeOffset Last { get; set; }

        public int Most { get; set; }

        public Dictionary<string, DateTimeOffset> Tried { get; } = [];
    }
}
