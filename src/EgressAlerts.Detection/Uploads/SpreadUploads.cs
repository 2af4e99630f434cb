using System.Globalization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary>What several workloads together send to one group of destinations that each of them met less than a day ago. Each of them may stay below every limit.</summary>
/// <remarks>The mesh meets few such groups, so their usual amount is small. At most <see cref="MaxGroups"/> are followed in an hour, of each at most <see cref="MaxSources"/> workloads.</remarks>
internal sealed class SpreadUploads
{
    private const int MaxGroups = 1_000;
    private const int MaxSources = 1_000;

    /// <summary>So many workloads are several; what one or two send is their own finding.</summary>
    private const int LeastSources = 3;

    /// <summary>So many times what such groups got in the largest hour of the last weeks is too much.</summary>
    private const double TimesLargest = 4;

    /// <summary>Until a week is known, so many times the floor.</summary>
    private const double EarlyFloors = 5;
    private const int Shown = 5;

    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);

    private readonly Tuning _tuning;
    private readonly DetectionMetrics _metrics;
    private readonly Table<string, SpreadUpload> _groups;
    private readonly Cell<SpreadUsual> _usual;

    public SpreadUploads(Tuning tuning, DetectionMetrics metrics, StoredState state)
    {
        (_tuning, _metrics) = (tuning, metrics);
        _groups = state.Table(Shape.Json("spread_upload", ["destination_group"], name => [name], values => (string)values[0], DetectionJson.Default.SpreadUpload));
        _usual = state.Cell("spread_usual", DetectionJson.Default.SpreadUsual, new SpreadUsual(0, 0, []));
    }

    public IEnumerable<Finding> Active => _groups.Where(entry => entry.Value.IsFiring).Select(entry => Found(entry.Key, entry.Value));

    /// <param name="isTold">Whether a workload has a finding of its own about a group: what that explains is no second one.</param>
    public void Observe(Sighting sighting, Func<Workload, string, bool> isTold)
    {
        var (now, options) = (sighting.Window.End, _tuning.OfAll.UploadSpike);
        Turn(Hours.Of(now), options);
        var touched = new HashSet<string>();
        foreach (var by in sighting.Seen.Where(by => by.Options.UploadSpike.Enabled))
        {
            foreach (var traffic in by.To.Where(traffic => traffic is { Upload: > 0, IsBlocked: false } && by.Habit.IsLater(traffic.Met) && now - traffic.Met < Fresh))
            {
                var name = UploadSpikeDetector.GroupOf(traffic.Destination, traffic.Flow.To);
                if (Add(name, by.Source, traffic)) touched.Add(name);
            }
        }

        foreach (var name in touched)
        {
            var group = _groups[name];
            var own = group.By.Where(part => !isTold(part.Source, name)).ToList();
            if (own.Count >= LeastSources && own.Sum(part => part.Bytes) is var sum && sum > Limit(options)) group.Flag(now, sum, Limit(options), own);
            _groups.Touch(name);
        }

        foreach (var (name, group) in _groups.Where(entry => entry.Value.IsFiring))
        {
            if (options.Enabled && now - group.Last < options.Quiet) continue;
            group.Since = default;
            _groups.Touch(name);
        }
    }

    private double Limit(UploadSpikeOptions options) =>
        _usual.Value.Days.Count < options.Learning.TotalDays ? EarlyFloors * options.Floor : Math.Max(options.Floor, TimesLargest * _usual.Value.Days.DefaultIfEmpty().Max());

    /// <summary>An hour is over, maybe a day with it. What was too much is not learned.</summary>
    private void Turn(long hour, UploadSpikeOptions options)
    {
        var usual = _usual.Value;
        if (usual.Hour == hour) return;
        var limit = Limit(options);
        var largest = _groups.Values.Where(group => group.By.Count >= LeastSources).Select(group => group.By.Sum(part => part.Bytes)).Where(sum => sum <= limit).DefaultIfEmpty().Max();
        var today = Math.Max(usual.Today, largest);
        _usual.Value = usual.Hour == 0 ? new(hour, 0, [])
            : hour / 24 == usual.Hour / 24 ? usual with { Hour = hour, Today = today }
            : new(hour, 0, [.. usual.Days.TakeLast(SpreadUsual.MostDays - 1), today]);
        foreach (var (name, group) in _groups)
        {
            group.By.Clear();
            if (group.IsFiring) _groups.Touch(name);
            else _groups.Remove(name);
        }
    }

    private bool Add(string name, Workload source, Traffic traffic)
    {
        if (!_groups.TryFind(name, out var group))
        {
            if (_groups.Count >= MaxGroups)
            {
                _metrics.Dropped(UploadSpikeDetector.Name);
                return false;
            }

            _groups.Put(name, group = new SpreadUpload { Destination = traffic.Destination });
        }

        var at = group.By.FindIndex(part => part.Source == source);
        if (at >= 0) group.By[at] = group.By[at] with { Bytes = group.By[at].Bytes + traffic.Upload };
        else if (group.By.Count < MaxSources) group.By.Add(new(source, traffic.Upload));
        else _metrics.Dropped(UploadSpikeDetector.Name);
        return true;
    }

    private Finding Found(string name, SpreadUpload group)
    {
        var where = group.Destination.Confirmed ? name : Text.Unlinked(name);
        var of = group.Destination.Confirmed ? $"{{destination=~\"(.+[.])?{name.Replace(".", "[.]", StringComparison.Ordinal)}\"}}" : "";
        return new(
            UploadSpikeDetector.Name,
            _tuning.OfAll.UploadSpike.Severity,
            group.Most[0].Source,
            name,
            group.Since,
            "Several workloads together send out more than is usual.",
            string.Create(CultureInfo.InvariantCulture, $"{group.Sources} workloads together sent {Text.Bytes(group.Sum)} to {where} within an hour, last at {Text.Time(group.Last)}. ")
            + $"Most came from {string.Join(", ", group.Most.Select(part => $"{part.Source} ({Text.Bytes(part.Bytes)})"))}. Each of them met it less than a day before. "
            + $"Expected: at most {Text.Bytes(group.Limit)} (four times what the mesh sent to such destinations in its largest hour of {SpreadUsual.MostDays} days, and no less than the floor). "
            + $"Resolves after {Text.Length(_tuning.OfAll.UploadSpike.Quiet)} without more; what was too much is not learned.",
            group.Destination.Source,
            group.Destination.Confirmed,
            $"topk(10, sum by (source_workload_namespace, source_workload) (increase(egress_upload_bytes_total{of}[1h])))");
    }

    /// <summary>What workloads send one group in this hour, and whether that is too much.</summary>
    internal sealed class SpreadUpload
    {
        public required Destination Destination { get; init; }

        public List<Part> By { get; init; } = [];

        public DateTimeOffset Since { get; set; }

        public DateTimeOffset Last { get; set; }

        /// <summary>The most within an hour since then.</summary>
        public double Sum { get; set; }

        public double Limit { get; set; }

        /// <summary>How many workloads sent it.</summary>
        public int Sources { get; set; }

        /// <summary>Those that had sent most when it began: the first gives the alert its name.</summary>
        public IReadOnlyList<Part> Most { get; set; } = [];

        public bool IsFiring => Since != default;

        public void Flag(DateTimeOffset now, double sum, double limit, List<Part> own)
        {
            if (!IsFiring)
            {
                (Since, Sum) = (now, 0);
                Most = [.. own.OrderByDescending(part => part.Bytes).ThenBy(part => $"{part.Source}", StringComparer.Ordinal).Take(Shown)];
            }

            Last = now;
            if (sum > Sum) (Sum, Limit, Sources) = (sum, limit, own.Count);
        }
    }

    /// <param name="Bytes">Sent in this hour.</param>
    internal sealed record Part(Workload Source, double Bytes);

    /// <summary>What such groups usually get.</summary>
    /// <param name="Hour">That goes on, counted from the epoch.</param>
    /// <param name="Today">The most that one got in an hour of this day.</param>
    /// <param name="Days">The same of the days before, the latest last.</param>
    internal sealed record SpreadUsual(long Hour, double Today, IReadOnlyList<double> Days)
    {
        public const int MostDays = 28;
    }
}
