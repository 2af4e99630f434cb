using EgressAlerts.Model;

namespace EgressAlerts.Exam.Judging;

/// <summary>Follows what one set of detectors says: what begins to fire, what fires, how much at once.</summary>
/// <param name="observe">What is true at the end of a window.</param>
/// <remarks>Hundreds of alerts may fire in each of 100,000 windows, so one look-up has to do for each.</remarks>
internal sealed class Watch(Func<NamedReading, IReadOnlyList<Finding>> observe)
{
    /// <summary>As alerts/alertmanager.yml has them: the first digest of a namespace waits for what belongs to it, then one a day.</summary>
    private static readonly TimeSpan FirstDigest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    private readonly Dictionary<Key, Firing> _firing = [];
    private readonly Dictionary<(string Alert, Workload Source, string Destination), Mark> _subjects = [];
    private readonly Dictionary<(string Alert, string Namespace, string Workload), Mark> _groups = [];
    private readonly Dictionary<string, DateTimeOffset> _digests = [];
    private long _window;

    /// <summary>The most alerts of warning or critical that fired at one time in the judged time.</summary>
    public int Most { get; private set; }

    /// <summary>Messages that alerts/alertmanager.yml would have begun in the judged time: alerts of a name and a workload are one.</summary>
    public int Groups { get; private set; }

    /// <summary>Likewise its digests: one a day and namespace tells what has begun of severity <c>info</c>.</summary>
    public int InfoGroups { get; private set; }

    /// <returns>What begins to fire with this window: what ended and begins again too.</returns>
    public List<Finding> Observe(NamedReading reading, bool isJudged)
    {
        var (begun, count) = (new List<Finding>(), 0);
        _window++;
        foreach (var finding in observe(reading))
        {
            // It fires always, by design.
            if (finding.AlertName == "EgressAlertsWatchdog") continue;
            var key = new Key(finding.AlertName, finding.Severity, finding.Source, finding.Destination);
            if (!_firing.TryGetValue(key, out var firing)) _firing.Add(key, firing = Begin(finding));
            if (!firing.IsInfo && firing.Itself.Last != _window) count++;
            if (firing.Itself.Last < _window - 1) begun.Add(finding);
            if (firing is { IsInfo: false } && firing.Group.Last < _window - 1 && isJudged) Groups++;
            var isNewInfo = firing is { IsInfo: true } && firing.Itself.Last < _window - 1;
            if (isNewInfo && IsNextDigest(finding.Source.Namespace, reading.Window.End) && isJudged) InfoGroups++;
            firing.Itself.Last = firing.Subject.Last = firing.Group.Last = _window;
        }

        if (isJudged) Most = Math.Max(Most, count);
        if (_window % 1_000 == 0) Forget();
        return begun;
    }

    /// <summary>Whether an alert of this name fires about this, whatever its severity.</summary>
    public bool IsFiring(Finding finding) =>
        _subjects.TryGetValue((finding.AlertName, finding.Source, finding.Destination), out var subject) && subject.Last == _window;

    /// <summary>Whether what begins now needs another digest, because the last one that was due has been sent.</summary>
    private bool IsNextDigest(string ns, DateTimeOffset now)
    {
        var due = _digests.GetValueOrDefault(ns);
        if (now <= due) return false;
        _digests[ns] = now - due <= OneDay ? due + OneDay : now + FirstDigest;
        return true;
    }

    private static Mark Find<T>(Dictionary<T, Mark> marks, T key)
        where T : notnull
    {
        if (!marks.TryGetValue(key, out var mark)) marks.Add(key, mark = new Mark());
        return mark;
    }

    private Firing Begin(Finding finding)
    {
        var isInfo = finding.Severity == "info";
        return new(
            isInfo,
            new Mark(),
            Find(_subjects, (finding.AlertName, finding.Source, finding.Destination)),
            Find(_groups, (isInfo ? "" : finding.AlertName, finding.Source.Namespace, finding.Source.Name)));
    }

    private void Forget()
    {
        foreach (var (key, _) in _firing.Where(firing => firing.Value.Itself.Last < _window).ToList()) _firing.Remove(key);
        foreach (var (key, _) in _subjects.Where(subject => subject.Value.Last < _window).ToList()) _subjects.Remove(key);
        foreach (var (key, _) in _groups.Where(group => group.Value.Last < _window).ToList()) _groups.Remove(key);
    }

    private readonly record struct Key(string Alert, string Severity, Workload Source, string Destination);

    /// <summary>The last window that showed something.</summary>
    private sealed class Mark
    {
        public long Last { get; set; } = long.MinValue;
    }

    private sealed record Firing(bool IsInfo, Mark Itself, Mark Subject, Mark Group);
}
