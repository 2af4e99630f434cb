namespace EgressAlerts.Detection;

/// <summary><c>EgressProbing</c>: a workload tries many destinations that refuse it in a short time, as somebody does who looks for a way out.</summary>
/// <remarks>Remembers at most <see cref="MaxTried"/> attempts of each of at most 2,000 workloads. Further workloads are dropped and counted.
/// This alert inhibits those of the single destinations (alerts/alertmanager.yml).</remarks>
internal sealed class ProbingDetector : IDetector
{
    public const string Name = "EgressProbing";
    private const int MaxTried = 1_000;

    private readonly Tuning _tuning;
    private readonly Bound _bound;
    private readonly Table<Workload, Attempts> _workloads;
    private readonly Rows<(Workload Source, string Tried), DateTimeOffset> _tried;

    public ProbingDetector(Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_tuning, _bound) = (tuning, new(Name, most: 2_000, metrics));
        _workloads = state.Table(DetectionTables.ByWorkload("probing", DetectionJson.Default.Attempts));
        (_tried, var loaded, _) = state.Rows(DetectionTables.ByPair<DateTimeOffset>(
            "attempt", "tried", ["last"], at => [at.ToUnixTimeMilliseconds()], values => DateTimeOffset.FromUnixTimeMilliseconds((long)values[0])), TryFind);
        foreach (var ((source, tried), last) in loaded)
        {
            if (_workloads.TryFind(source, out var attempts)) attempts.Tried.Add(tried, last == Attempts.InLatest ? attempts.Latest : last);
            else _tried.Touch((source, tried)); // The row of its workload could not be read.
        }
    }

    public IEnumerable<Finding> Active => _workloads.Where(entry => entry.Value.IsFiring).Select(entry => Found(entry.Key, entry.Value));

    public void Observe(DetectionInput input)
    {
        var now = input.Window.End;
        foreach (var workload in input.Seen.Where(workload => workload.Options.Probing.Enabled))
        {
            if (!workload.Flows.Exists(activity => activity.IsRefused)) continue;
            if (_bound.TryGetOrBegin(_workloads, workload.Source, () => new(), out var attempts)) Add(workload, attempts, now);
        }

        foreach (var (source, attempts) in _workloads)
        {
            var options = _tuning.OptionsFor(source).Probing;
            foreach (var tried in attempts.Forget(options, now)) _tried.Touch((source, tried));
            if (attempts.Evaluate(options, now)) _workloads.Touch(source);
            if (attempts.Tried.Count == 0 && (!attempts.IsFiring || !options.Enabled)) _workloads.Remove(source);
        }
    }

    private bool TryFind((Workload Source, string Tried) key, out DateTimeOffset last)
    {
        last = default;
        if (!_workloads.TryFind(key.Source, out var attempts) || !attempts.Tried.TryGetValue(key.Tried, out last)) return false;
        if (last == attempts.Latest) last = Attempts.InLatest;
        return true;
    }

    private void Add(WorkloadActivity workload, Attempts attempts, DateTimeOffset now)
    {
        var before = attempts.Latest;
        attempts.Latest = now;
        _workloads.Touch(workload.Source);
        foreach (var activity in workload.Flows.Where(activity => activity.IsRefused))
        {
            // Another port of the same host is another attempt. All addresses of a name that the workload used before are one, because when that is down nobody
            // is probing. Beyond the bound it is enough to know that there are many.
            var whom = activity is { IsBlocked: false, IsNew: false } ? activity.KnownAs : activity.Key;
            var tried = activity.To.Port.Length > 0 ? $"{whom}, port {activity.To.Port}" : whom;
            var isKnown = attempts.Tried.TryGetValue(tried, out var last);
            if (!isKnown && attempts.Tried.Count >= MaxTried) continue;
            attempts.Tried[tried] = now;
            if (!isKnown || last < before) _tried.Touch((workload.Source, tried));
        }

        // What was tried in the latest window before, but not in this one, can no longer be stored as InLatest.
        foreach (var (tried, _) in attempts.Tried.Where(entry => entry.Value == before)) _tried.Touch((workload.Source, tried));
    }

    private Finding Found(Workload source, Attempts attempts)
    {
        var options = _tuning.OptionsFor(source).Probing;
        var count = attempts.Most < MaxTried ? $"{attempts.Most}" : $"{MaxTried} or more";
        var latest = attempts.Tried.OrderByDescending(tried => tried.Value).ThenBy(tried => tried.Key, StringComparer.Ordinal).Take(5);
        return new(
            Name, options.Severity, source, Destination: "", attempts.Since,
            $"{source} tried {count} destinations within {Wording.Duration(options.Within)}, and none let it in",
            $"{source} tried {count} different destinations within {Wording.Duration(options.Within)}. All of them were blocked or did not answer. "
            + "That looks like a scan, or like a wrong configuration. "
            + $"Seen {Wording.Span(attempts)}. The latest: {string.Join("; ", latest.Select(tried => Wording.Unlinked(tried.Key)))}. "
            + $"The limit is {options.Destinations} (detection.probing.destinations).",
            NameSource: null, Confirmed: false, PromQl.Refused(source))
        {
            Facts = new(
                $"{count} destinations that refuse, within {Wording.Duration(options.Within)}", $"fewer than {options.Destinations}",
                "detection.probing.destinations"),
            Ends = $"It resolves after {Wording.Duration(options.Quiet)} with fewer.",
        };
    }
}
