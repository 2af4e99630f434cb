using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What is known of each scrape job: since when it has been watched, how often it scrapes, and in which windows it had samples.</summary>
internal sealed class JobRegister
{
    /// <summary>Series of further jobs share one entry, which is never settled: they begin with a baseline.</summary>
    private const int MaxJobs = 10_000;

    /// <summary>The number of the entry for jobs beyond <see cref="MaxJobs"/>.</summary>
    private const int Beyond = 0;

    /// <summary>A counter is forgotten after so much time in which its job had samples and it had none.</summary>
    internal static readonly TimeSpan Memory = TimeSpan.FromDays(7);

    private const int Marks = 28;

    private const int MaxVotes = 1000;

    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<Job> _jobs = [new("")];

    /// <summary>The number of a job; good for as long as the register lives, and saved with it.</summary>
    public int Number(string job)
    {
        if (_numbers.TryGetValue(job, out var number)) return number;
        if (_jobs.Count > MaxJobs) return Beyond;
        _jobs.Add(new(job));
        return _numbers[job] = _jobs.Count - 1;
    }

    public void Saw(string job, DateTimeOffset at)
    {
        if (Number(job) is var number and not Beyond && (_jobs[number].FirstSeen == default || at < _jobs[number].FirstSeen)) _jobs[number].FirstSeen = at;
    }

    /// <summary>True where the job was there a whole window before this one began: Prometheus spreads a new job's first scrapes over its interval.</summary>
    public bool IsSettled(string job, Window window) =>
        _numbers.TryGetValue(job, out var number) && _jobs[number].FirstSeen is var first && first != default && first <= window.Start - window.Length;

    public bool AnySettled(Window window) => _numbers.Keys.Any(job => IsSettled(job, window));

    /// <summary>The scrape interval that most of a job's series have, in milliseconds; 0 where it is not known.</summary>
    public long Interval(int job) => _jobs[job].Interval;

    /// <summary>One series of the job was scraped at this interval: a vote, of which the majority counts (Boyer and Moore, 1981).</summary>
    /// <remarks>A multiple of the interval agrees with it: every second scrape may have been missed.</remarks>
    public void Vote(int job, long interval)
    {
        var entry = _jobs[job];
        var times = entry.Interval == 0 ? 0 : Math.Round((double)interval / entry.Interval);
        if (times >= 1 && Math.Abs(interval - (times * entry.Interval)) <= Math.Max(20, interval / 50)) entry.Votes = Math.Min(entry.Votes + 1, MaxVotes);
        else if (entry.Votes > 0) entry.Votes--;
        else (entry.Interval, entry.Votes) = (interval, 1);
    }

    /// <summary>The job had samples in a window, or in several at once after a gap.</summary>
    /// <param name="reading">The number of the window.</param>
    public void WasActive(int job, uint reading, TimeSpan length)
    {
        var entry = _jobs[job];
        if (entry.ActiveIn == reading) return;
        entry.ActiveIn = reading;
        entry.Active += length;
        if (entry.Active < Memory / Marks) return;
        entry.Active = TimeSpan.Zero;
        entry.Seen.Enqueue(reading);
        if (entry.Seen.Count > Marks) entry.Seen.Dequeue();
    }

    /// <summary>Counters of the job that were last seen before this window are to be forgotten.</summary>
    public uint ForgetBefore(int job) => _jobs[job].Seen.Count < Marks ? 0 : _jobs[job].Seen.Peek();

    public void Save(BinaryWriter to) => to.WriteAll(_jobs, job =>
    {
        to.Write(job.Name);
        to.Write(job.FirstSeen);
        to.Write(job.Interval);
        to.Write(job.Active.Ticks);
        to.WriteAll(job.Seen, to.Write);
    });

    public void Load(BinaryReader from)
    {
        _jobs.Clear();
        foreach (var (name, first, interval, active, seen) in from.ReadAll(() => (from.ReadString(), from.ReadInstant(), from.ReadInt64(), from.ReadInt64(), from.ReadAll(from.ReadUInt32).ToList())))
        {
            if (_jobs.Count > 0) _numbers[name] = _jobs.Count;
            _jobs.Add(new(name) { FirstSeen = first, Interval = interval, Votes = interval > 0 ? MaxVotes : 0, Active = TimeSpan.FromTicks(active), Seen = new(seen) });
        }
    }

    private sealed class Job(string name)
    {
        public string Name => name;

        public DateTimeOffset FirstSeen;
        public long Interval;
        public int Votes;
        public uint ActiveIn;
        public TimeSpan Active;

        /// <summary>The numbers of windows that lie a part of <see cref="Memory"/> apart, counting only windows in which the job had samples.</summary>
        public Queue<uint> Seen = new();
    }
}
