using System.Collections.Concurrent;
using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Dns;

/// <summary>Remembers names and their absence for as long as DNS grants it, and failures briefly. Any thread.</summary>
internal sealed class ReverseCache(DnsOptions options, TimeProvider time)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StaleRetry = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<IPAddress, Entry> _entries = new();

    public int Count => _entries.Count;

    /// <summary>What is known, also when it is stale, and whether it is time to ask (again).</summary>
    public ReverseAnswer Find(IPAddress address, out bool due)
    {
        var now = time.GetUtcNow();
        if (!_entries.TryGetValue(address, out var entry))
        {
            due = true;
            return default;
        }

        entry.LastUsed = now;
        due = now >= entry.AskAgain;
        return now < entry.GoodUntil ? entry.Answer : default;
    }

    public void Store(IPAddress address, ReverseAnswer answer, TimeSpan ttl)
    {
        var most = answer.State == ReverseState.Named ? options.MaxTtl : options.MaxNegativeTtl;
        var life = Jitter(ttl < options.MinTtl ? options.MinTtl : ttl > most ? most : ttl);
        var now = time.GetUtcNow();
        Put(address, new Entry(answer, now + life, now + life + options.Stale, now));
    }

    /// <summary>Nobody answered: an earlier answer stays in use, and the next try comes later each time.</summary>
    public void StoreFailure(IPAddress address)
    {
        var now = time.GetUtcNow();
        if (_entries.TryGetValue(address, out var old) && old.Answer.State != ReverseState.Pending)
        {
            Put(address, new Entry(old.Answer, now + Jitter(StaleRetry), old.GoodUntil, old.LastUsed));
            return;
        }

        var failures = (old?.Failures ?? 0) + 1;
        var wait = FirstRetry * Math.Pow(2, Math.Min(failures - 1, 16));
        Put(address, new Entry(default, now + Jitter(wait < LastRetry ? wait : LastRetry), now, now) { Failures = failures });
    }

    public void Save(BinaryWriter to)
    {
        var answered = _entries.Where(entry => entry.Value.Answer.State != ReverseState.Pending).ToList();
        to.WriteAll(answered, item =>
        {
            to.Write(item.Key);
            to.Write((byte)item.Value.Answer.State);
            to.Write(item.Value.Answer.Name);
            to.Write(item.Value.Answer.Confirmed);
            to.Write(item.Value.AskAgain);
            to.Write(item.Value.GoodUntil);
            to.Write(item.Value.LastUsed);
        });
    }

    public void Load(BinaryReader from)
    {
        foreach (var (address, entry) in from.ReadAll(() => (
            from.ReadAddress()!,
            new Entry(new((ReverseState)from.ReadByte(), from.ReadString(), from.ReadBoolean()), from.ReadInstant(), from.ReadInstant(), from.ReadInstant()))))
        {
            _entries[address] = entry;
        }
    }

    private void Put(IPAddress address, Entry entry)
    {
        _entries[address] = entry;
        if (_entries.Count <= options.MaxEntries) return;
        // A tenth at once, so that the search for the least used is paid rarely.
        foreach (var old in _entries.ToArray().OrderBy(item => item.Value.LastUsed).Take(Math.Max(1, options.MaxEntries / 10))) _entries.TryRemove(old);
    }

    /// <summary>Plus or minus a tenth, so that what was asked together is not asked together again.</summary>
    private static TimeSpan Jitter(TimeSpan life) => life * (0.9 + (Random.Shared.NextDouble() * 0.2));

    private sealed class Entry(ReverseAnswer answer, DateTimeOffset askAgain, DateTimeOffset goodUntil, DateTimeOffset lastUsed)
    {
        public ReverseAnswer Answer => answer;

        public DateTimeOffset AskAgain => askAgain;

        public DateTimeOffset GoodUntil => goodUntil;

        public DateTimeOffset LastUsed { get; set; } = lastUsed;

        public int Failures { get; init; }
    }
}
