using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Knows since when each scrape job has been watched, because a whole job that appears at once is not news but a baseline.</summary>
internal sealed class JobRegister
{
    /// <summary>Beyond this many jobs, new ones stay baselines.</summary>
    private const int MaxJobs = 10_000;

    private readonly Dictionary<string, DateTimeOffset> _firstSeen = [];

    public void Saw(string job, DateTimeOffset at)
    {
        if (_firstSeen.TryGetValue(job, out var first) ? at < first : _firstSeen.Count < MaxJobs) _firstSeen[job] = at;
    }

    /// <summary>True where the job was there a whole window before this one began: Prometheus spreads a new job's first scrapes over its interval.</summary>
    public bool IsSettled(string job, Window window) => _firstSeen.TryGetValue(job, out var first) && first <= window.Start - window.Length;

    public bool AnySettled(Window window) => _firstSeen.Keys.Any(job => IsSettled(job, window));

    public void Save(BinaryWriter to) => to.WriteAll(_firstSeen, entry =>
    {
        to.Write(entry.Key);
        to.Write(entry.Value);
    });

    public void Load(BinaryReader from)
    {
        foreach (var (job, first) in from.ReadAll(() => (from.ReadString(), from.ReadInstant()))) _firstSeen[job] = first;
    }
}
