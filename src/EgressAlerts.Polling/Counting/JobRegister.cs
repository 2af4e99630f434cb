using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Knows of each scrape job since when it has been watched, how often it scrapes, and in which windows it had samples.</summary>
internal sealed class JobRegister
{
    /// <summary>Further jobs share one entry, which is never settled. So their counters begin with a baseline.</summary>
    private const int MaxJobs = 10_000;

    /// <summary>The number of the entry for jobs beyond <see cref="MaxJobs"/>.</summary>
    private const int Beyond = 0;

    /// <summary>A counter is forgotten after so much time in which its job had samples and it had none.</summary>
    internal static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    private const int Marks = 28;

    private const int MaxVotes = 1000;

    private readonly Dictionary<string, int> _numbers = [];
    private readonly Table<int, Job> _jobs;
    private readonly Job _beyond = new();
    private int _last;

    public JobRegister(StoredState state)
    {
        _jobs = state.Table(Shape.ByNumber("job", "number", PollingJson.Default.Job));
        foreach (var (number, job) in _jobs) (_numbers[job.Name], _last) = (number, Math.Max(_last, number));
    }

    /// <summary>The number of a job, which never changes.</summary>
    public int Number(string job)
    {
        if (_numbers.TryGetValue(job, out var number)) return number;
        if (_jobs.Count >= MaxJobs) return Beyond;
        _jobs.Put(++_last, new Job { Name = job });
        return _numbers[job] = _last;
    }

    public void Saw(string job, DateTimeOffset at)
    {
        var number = Number(job);
        var known = Find(number);
        if (number == Beyond || (known.FirstSeen != default && at >= known.FirstSeen)) return;
        known.FirstSeen = at;
        _jobs.Touch(number);
    }

    /// <summary>Whether the job was there a whole window before this one began. Prometheus spreads the first scrapes of a new job over its interval.</summary>
    public bool IsSettled(string job, Window window) =>
        _numbers.TryGetValue(job, out var number) && Find(number).FirstSeen is var first && first != default && first <= window.Start - window.Length;

    public bool AnySettled(Window window) => _numbers.Keys.Any(job => IsSettled(job, window));

    /// <summary>The scrape interval of most of a job's series, in milliseconds. 0 where it is not known.</summary>
    public long Interval(int job) => Find(job).Interval;

    /// <summary>Notes the interval at which one series of the job was scraped, in milliseconds. The majority wins (Boyer and Moore, 1981).</summary>
    /// <remarks>A multiple of the interval agrees with it: every second scrape may have been missed.</remarks>
    public void Vote(int job, long interval)
    {
        var entry = Find(job);
        _jobs.Touch(job);
        var times = entry.Interval == 0 ? 0 : Math.Round((double)interval / entry.Interval);
        if (times >= 1 && Math.Abs(interval - (times * entry.Interval)) <= Math.Max(20, interval / 50)) entry.Votes = Math.Min(entry.Votes + 1, MaxVotes);
        else if (entry.Votes > 0) entry.Votes--;
        else (entry.Interval, entry.Votes) = (interval, 1);
    }

    /// <summary>Notes that the job had samples in a window. After a gap, the window counts for all that were skipped.</summary>
    /// <param name="reading">The number of the window.</param>
    public void WasActive(int job, uint reading, TimeSpan length)
    {
        var entry = Find(job);
        if (entry.ActiveIn == reading) return;
        _jobs.Touch(job);
        entry.ActiveIn = reading;
        entry.Active += length;
        if (entry.Active < Memory / Marks) return;
        entry.Active = TimeSpan.Zero;
        entry.Seen.Add(reading);
        if (entry.Seen.Count > Marks) entry.Seen.RemoveAt(0);
    }

    /// <summary>The number of a window. Counters of the job that were last seen before it are forgotten.</summary>
    public uint ForgetBefore(int job) => Find(job) is { Seen.Count: >= Marks } known ? known.Seen[0] : 0;

    /// <summary>The entry of a job. Jobs beyond the bound share one that is not kept, and so do those whose row was lost.</summary>
    private Job Find(int number) => _jobs.TryFind(number, out var job) ? job : _beyond;
}
