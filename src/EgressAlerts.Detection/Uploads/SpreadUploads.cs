namespace EgressAlerts.Detection;

/// <summary>What at least three workloads together send within an hour to one group of destinations that each of them met less than a day ago. Each of
/// them may stay below every limit of its own.</summary>
/// <remarks>Too much is more than <c>max(floor, 4 × what such a group got in the largest hour of 28 days)</c>; until a week is known, <c>5 × floor</c>.
/// An hour that was too much is not learned. Follows at most 1,000 groups in an hour, of each at most <see cref="MaxSources"/> workloads.</remarks>
/// <example>Eight workloads send 15 MiB each to a new place on the day of a release. So 4 × 120 MiB = 480 MiB are usual.</example>
internal sealed class SpreadUploads
{
    private const int MaxSources = 1_000;
    private const int LeastSources = 3;
    private const double TimesLargest = 4;
    private const double EarlyFloors = 5;

    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);

    private readonly Tuning _tuning;
    private readonly Bound _bound;
    private readonly Table<string, SpreadUpload> _groups;

    /// <summary>The most that such a group got in an hour of each day.</summary>
    private readonly Cell<DayMaxima> _usual;

    public SpreadUploads(Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_tuning, _bound) = (tuning, new(UploadSpikeDetector.Name, most: 1_000, metrics));
        _groups = state.Table(Shape.Json(
            "spread_upload", ["destination_group"], name => [name], values => (string)values[0], DetectionJson.Default.SpreadUpload));
        _usual = state.Cell("spread_usual", DetectionJson.Default.DayMaxima, new());
    }

    public IEnumerable<Finding> Active => _groups.Where(entry => entry.Value.IsFiring).Select(entry => Found(entry.Key, entry.Value));

    /// <param name="isFound">Whether a workload has a finding of its own about a group. What it sends there is then not reported a second time.</param>
    public void Observe(DetectionInput input, Func<Workload, string, bool> isFound)
    {
        var (now, options) = (input.Window.End, _tuning.Global.UploadSpike);
        if (_usual.Value.Hour != Hours.Of(now)) CloseHour(Hours.Of(now), options);
        var touched = new HashSet<string>();
        foreach (var workload in input.Seen.Where(workload => workload.Options.UploadSpike.Enabled))
        {
            foreach (var activity in workload.Flows.Where(activity => activity is { Upload: > 0, IsBlocked: false, IsAnyVolumeAllowed: false }))
            {
                if (!workload.Habit.IsAfterLearning(activity.FirstContact) || now - activity.FirstContact >= Fresh) continue;
                var name = UploadGroups.NameOf(activity.Destination, activity.To);
                if (TryAdd(name, activity)) touched.Add(name);
            }
        }

        foreach (var name in touched)
        {
            var (group, limit) = (_groups[name], Limit(options));
            var parts = group.By.Where(part => !isFound(part.Source, name)).ToList();
            if (parts.Count >= LeastSources && parts.Sum(part => part.Bytes) is var sum && sum > limit) group.Fire(now, sum, limit, parts);
            _groups.Touch(name);
        }

        foreach (var (name, group) in _groups)
        {
            if (group.TryEnd(now, options.Enabled ? options.Quiet : default)) _groups.Touch(name);
        }
    }

    private double Limit(UploadSpikeOptions options) => _usual.Value.Days.Count < options.Learning.TotalDays
        ? EarlyFloors * options.Floor
        : Math.Max(options.Floor, TimesLargest * _usual.Value.Worst);

    private void CloseHour(long next, UploadSpikeOptions options)
    {
        var (usual, limit) = (_usual.Value, Limit(options));
        if (usual.Hour != 0)
        {
            var sums = _groups.Values.Where(group => group.By.Count >= LeastSources).Select(group => group.By.Sum(part => part.Bytes));
            usual.Today = Math.Max(usual.Today, sums.Where(sum => sum <= limit).DefaultIfEmpty().Max());
            if (next / 24 != usual.Hour / 24) usual.CloseDay();
        }

        usual.Hour = next;
        _usual.Touch();
        foreach (var (name, group) in _groups)
        {
            group.By.Clear();
            if (group.IsFiring) _groups.Touch(name);
            else _groups.Remove(name);
        }
    }

    private bool TryAdd(string name, FlowActivity activity)
    {
        if (!_bound.TryGetOrBegin(_groups, name, () => new() { Destination = activity.Destination }, out var group)) return false;
        var at = group.By.FindIndex(part => part.Source == activity.Source);
        if (at >= 0) group.By[at] = group.By[at] with { Bytes = group.By[at].Bytes + activity.Upload };
        else if (group.By.Count < MaxSources) group.By.Add(new(activity.Source, activity.Upload));
        else _bound.Drop();
        return true;
    }

    private Finding Found(string name, SpreadUpload group)
    {
        var options = _tuning.Global.UploadSpike;
        return new(
            UploadSpikeDetector.Name, options.Severity, group.Most[0].Source, name, group.Since,
            $"{group.Sources} workloads together sent {Wording.Bytes(group.Sum)} to {Wording.Name(name, group.Destination.Confirmed)} within 1 h "
            + $"(the limit is {Wording.Bytes(group.Limit)})",
            $"{group.Sources} workloads together sent {Wording.Bytes(group.Sum)} to {Wording.Name(name, group.Destination.Confirmed)} within an hour, "
            + $"last at {Wording.Time(group.Last)}. "
            + $"Most came from {string.Join(", ", group.Most.Select(part => $"{part.Source} ({Wording.Bytes(part.Bytes)})"))}. "
            + $"Each of them met it less than a day before. The limit is {Wording.Bytes(group.Limit)}: "
            + $"four times what the mesh sent to such destinations in its largest hour of {DayMaxima.MostDays} days, and no less than the floor.",
            group.Destination.Source, group.Destination.Confirmed, PromQl.Uploaders(group.Destination.Confirmed ? name : ""))
        {
            Facts = new(
                $"{Wording.Bytes(group.Sum)} within an hour, of {group.Sources} workloads", $"at most {Wording.Bytes(group.Limit)}",
                "detection.upload_spike.floor"),
            Ends = $"It resolves after {Wording.Duration(options.Quiet)} without more. What was too much is not learned.",
        };
    }
}
