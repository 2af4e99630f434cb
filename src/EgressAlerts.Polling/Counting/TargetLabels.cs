namespace EgressAlerts.Polling;

/// <summary>Knows which labels the scraper and the store add to series. They are exactly the labels of <c>up</c>, because no proxy exposes that.</summary>
/// <remarks>It takes the answer to <see cref="Query"/>. Each window replaces what the window before it knew.</remarks>
internal sealed class TargetLabels : ISeriesSink
{
    /// <summary>Of further targets it is known only which labels the targets of their job have.</summary>
    private const int MaxTargets = 200_000;

    private readonly Dictionary<(string Job, string Instance), HashSet<string>> _targets = [];
    private readonly Dictionary<string, HashSet<string>> _jobs = [];

    /// <summary>Nearly all targets have one of a few sets of names. Each set is kept once.</summary>
    private readonly Dictionary<string, HashSet<string>> _sets = [];

    /// <summary>Asks for every target that was there within <paramref name="range"/>, whether its scrapes succeeded or not.</summary>
    public static string Query(string range) => $"last_over_time(up[{range}])";

    /// <summary>Whether the server has <c>up</c> for the job at all.</summary>
    public bool Knows(string job) => _jobs.ContainsKey(job);

    public bool Any => _jobs.Count > 0;

    public void Restart()
    {
        _targets.Clear();
        _jobs.Clear();
        _sets.Clear();
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        var read = LabelReader.Read(labels);
        var (job, instance) = Target(read);
        var names = Intern(read.Keys.Where(name => name != "__name__")); // That is "up" here, and a counter's own elsewhere.
        if (!_jobs.TryGetValue(job, out var any)) _jobs.Add(job, names);
        else if (!names.IsSubsetOf(any)) _jobs[job] = Intern(any.Union(names));

        // A target whose labels changed lately is there twice.
        if (_targets.TryGetValue((job, instance), out var mine)) _targets[(job, instance)] = Intern(mine.Union(names));
        else if (_targets.Count < MaxTargets) _targets.Add((job, instance), names);
    }

    /// <summary>The names of the labels that are not the proxy's own. Null where nothing is known about the job.</summary>
    /// <remarks>A proxy behind a federation or an agent may show an instance that is no target. Then the names of all targets of its job are taken.</remarks>
    public IReadOnlySet<string>? Find(IReadOnlyDictionary<string, string> labels)
    {
        var (job, instance) = Target(labels);
        return _targets.TryGetValue((job, instance), out var target) ? target : _jobs.GetValueOrDefault(job);
    }

    private static (string Job, string Instance) Target(IReadOnlyDictionary<string, string> labels) =>
        (labels.GetValueOrDefault("job", ""), labels.GetValueOrDefault("instance", ""));

    private HashSet<string> Intern(IEnumerable<string> names)
    {
        var key = string.Join(',', names); // Servers sort them. Another order only keeps a set twice.
        if (!_sets.TryGetValue(key, out var set)) _sets.Add(key, set = [.. names]);
        return set;
    }
}
