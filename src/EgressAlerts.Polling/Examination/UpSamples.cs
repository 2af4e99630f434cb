namespace EgressAlerts.Polling;

/// <summary>Takes the samples of <c>up</c>, and says of each job how it is scraped.</summary>
/// <param name="jobs">The jobs that have Istio's series.</param>
internal sealed class UpSamples(IReadOnlySet<string> jobs) : ISeriesSink
{
    /// <summary>Further jobs are passed over.</summary>
    private const int MaxJobs = 100;

    /// <summary>Long enough to tell intervals of up to five minutes.</summary>
    public const string Query = "up[10m]";

    private readonly Dictionary<string, Scraping> _jobs = [];

    public IReadOnlyList<Scraping> Jobs => [.. _jobs.Values.OrderBy(job => job.Job, StringComparer.Ordinal)];

    public void Restart() => _jobs.Clear();

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        if (samples.Length == 0 || !LabelReader.Read(labels).TryGetValue("job", out var job) || !jobs.Contains(job)) return;
        if (!_jobs.TryGetValue(job, out var before) && _jobs.Count == MaxJobs) return;
        before ??= new(job, 0, 0, null, default);
        var (last, gap) = (DateTimeOffset.FromUnixTimeMilliseconds(samples[^1].Milliseconds), Gap(samples));
        _jobs[job] = before with
        {
            Targets = before.Targets + 1,
            Down = before.Down + (samples[^1].Value == 0 ? 1 : 0),
            Interval = gap > before.Interval || before.Interval is null ? gap ?? before.Interval : before.Interval,
            Newest = last > before.Newest ? last : before.Newest,
        };
    }

    /// <summary>The median time between two samples, because a scrape may be late or missing. Null where there are not two.</summary>
    private static TimeSpan? Gap(ReadOnlySpan<Sample> samples)
    {
        if (samples.Length < 2) return null;
        var gaps = new long[samples.Length - 1];
        for (var i = 0; i < gaps.Length; i++) gaps[i] = samples[i + 1].Milliseconds - samples[i].Milliseconds;
        Array.Sort(gaps);
        return TimeSpan.FromMilliseconds(gaps[gaps.Length / 2]);
    }
}

/// <summary>How a job is scraped.</summary>
/// <param name="Interval">Of the target that is scraped least often; null where no target has two samples.</param>
/// <param name="Newest">The newest sample of all targets.</param>
internal sealed record Scraping(string Job, int Targets, int Down, TimeSpan? Interval, DateTimeOffset Newest);
