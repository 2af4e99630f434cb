namespace EgressAlerts.Detection;

/// <summary><c>EgressUploadSpike</c>: a workload sends a group of destinations, or all of them together, more than is usual in this hour of the week, or
/// more from day to day. Also many small requests, and what several workloads send together (<see cref="SpreadUploads"/>).</summary>
/// <remarks>At the end of each hour a group is forgotten that has no baseline, or that got nothing within <c>detection.memory</c>.</remarks>
internal sealed class UploadSpikeDetector(Habits habits, Tuning tuning, DetectionMetrics metrics, StoredState state) : IDetector
{
    public const string Name = "EgressUploadSpike";

    /// <summary>Until a workload that came late is learned, too much is more than <c>max(5 × floor, 4 × its own worst hour)</c>.</summary>
    private const double EarlyFloors = 5;
    private const double EarlyWorst = 4;

    /// <summary>From this part of the floor on, what a new group gets in an hour is worth remembering.</summary>
    private const int PartOfFloor = 10;

    private static readonly TimeSpan DripQuiet = TimeSpan.FromDays(1);

    private readonly Cell<long> _hour = state.Cell("upload_hour", DetectionJson.Default.Int64, Hours.None);
    private readonly UploadGroups _groups = new(metrics, state);
    private readonly SpreadUploads _spread = new(tuning, metrics, state);
    private readonly UploadWording _wording = new(habits, DripQuiet);

    /// <summary>How many groups of all workloads are followed.</summary>
    internal int Groups => _groups.Count;

    public IEnumerable<Finding> Active =>
        (from entry in _groups.ByWorkload
         from one in entry.Value.All
         where one.Value.IsFiring
         select _wording.Describe(entry.Key, one.Key, one.Value, tuning.OptionsFor(entry.Key).UploadSpike)).Concat(_spread.Active);

    public void Observe(DetectionInput input)
    {
        var now = input.Window.End;
        var hour = Hours.Of(now);
        if (hour != _hour.Value)
        {
            if (_hour.Value != Hours.None) CloseHour(hour, input.Window.Length);
            _hour.Value = hour;
        }

        foreach (var workload in input.Seen.Where(workload => workload.Options.UploadSpike.Enabled))
        {
            // What was refused went nowhere. What may have any volume is in no sum, so that it hides nothing else in the sum of all destinations.
            foreach (var activity in workload.Flows.Where(activity => activity.IsAnyVolumeAllowed)) _groups.Lift(activity);
            foreach (var activity in workload.Flows.Where(activity => activity is { Upload: > 0, IsBlocked: false, IsAnyVolumeAllowed: false }))
                _groups.Add(activity, workload.Habit.IsAfterLearning(activity.FirstContact), hour);
            if (!_groups.ByWorkload.TryGetValue(workload.Source, out var uploads)) continue;
            if (workload.Habit.Observed >= workload.Options.UploadSpike.Learning) Evaluate(workload, uploads, now);
            else if (workload.Habit.CameLate) EvaluateUnlearned(workload, uploads, now);
        }

        _spread.Observe(input, IsFound);
        foreach (var (source, uploads) in _groups.ByWorkload)
        {
            uploads.Replaced = 0;
            var quiet = tuning.OptionsFor(source).UploadSpike.Quiet;
            foreach (var (name, group) in uploads.All)
            {
                if (group.TryEnd(now, quiet, DripQuiet)) _groups.Touch(source, name);
            }
        }
    }

    private bool IsFound(Workload source, string name) =>
        _groups.ByWorkload.TryGetValue(source, out var uploads) && uploads.Groups.TryGetValue(name, out var group) && group.IsFiring;

    private void EvaluateUnlearned(WorkloadActivity workload, WorkloadUploads uploads, DateTimeOffset now)
    {
        var limit = Math.Max(EarlyFloors * workload.Options.UploadSpike.Floor, EarlyWorst * (uploads.Total.Hourly.Baseline?.Most ?? 0));
        foreach (var (name, group) in uploads.Groups)
        {
            if (group.EvaluateUnlearned(limit, now)) _groups.Touch(workload.Source, name);
        }
    }

    private void Evaluate(WorkloadActivity workload, WorkloadUploads uploads, DateTimeOffset now)
    {
        var (options, total, hour) = (workload.Options.UploadSpike, uploads.Total, _hour.Value);
        var (explainedHour, explainedDay) = (0.0, 0.0);
        foreach (var (name, group) in uploads.Groups)
        {
            var fresh = total.Fresh?.Usual(group.Begun, hour) ?? default;
            var hasChanged = group.Evaluate(options, fresh, hour, group.Hour, group.Day, now);
            if (name != LabelValues.Overflow) hasChanged |= group.EvaluateRequests(options, hour, now);
            if (hasChanged) _groups.Touch(workload.Source, name);
            if (group.AreBytesFiring || group.Hour > options.Floor) explainedHour += group.Hour;
            if (group.AreBytesFiring || group.Day > options.DailyFloor) explainedDay += group.Day;
        }

        // What is spread over many groups shows in their sum alone. What a group alone could show was compared there, and is left out here.
        if (total.Evaluate(options, default, hour, total.Hour - explainedHour, total.Day - explainedDay, now))
            _groups.Touch(workload.Source, WorkloadUploads.AllTogether);
    }

    private void CloseHour(long next, TimeSpan window)
    {
        foreach (var (source, uploads) in _groups.ByWorkload)
        {
            var (options, watched) = (tuning.OptionsFor(source).UploadSpike, habits.Observed(source) - window);
            foreach (var (name, group) in uploads.Groups)
            {
                if (FreshGroups.IsNew(group.Begun, _hour.Value) && !group.IsTooMuchToday && group.Hour >= options.Floor / PartOfFloor)
                    (uploads.Total.Fresh ??= new()).Learn(group.Begun, group.Hour, group.Day);
                if (!ClosesAndStays(name, group) || !options.Enabled) _groups.Remove(source, uploads, name);
            }

            if ((!ClosesAndStays(WorkloadUploads.AllTogether, uploads.Total) && uploads.Groups.Count == 0) || !options.Enabled) _groups.Remove(source, uploads);

            bool ClosesAndStays(string name, UploadGroup group)
            {
                _groups.TouchAll(source, name, group);
                return group.CloseHour(_hour.Value, next, options, watched, habits.Memory);
            }
        }
    }
}
