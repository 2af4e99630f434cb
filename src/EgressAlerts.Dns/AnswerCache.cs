using EgressAlerts.Model;

namespace EgressAlerts.Dns;

/// <summary>What one kind of question was answered with.</summary>
internal interface IAnswer
{
    AnswerState State { get; }
}

/// <summary>Remembers answers for as long as DNS grants it, and failures briefly. Any thread. Hot code.</summary>
/// <remarks>What is there has three quarters of the room, absences and failures the rest: a scan of addresses without names cannot push names out.</remarks>
internal sealed class AnswerCache<TKey, TAnswer>(DnsOptions options, int maxEntries, TimeProvider time)
    where TKey : notnull
    where TAnswer : struct, IAnswer
{
    /// <summary>The part of its life after which an answer that is in use is asked for again.</summary>
    private const double Refresh = 0.9;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StaleRetry = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Entry> _present = [];
    private readonly Dictionary<TKey, Entry> _others = [];

    public int Count
    {
        get
        {
            lock (_lock) return _present.Count + _others.Count;
        }
    }

    /// <summary>What is known, also when it is stale, and whether it is time to ask (again).</summary>
    public TAnswer Find(TKey key, out bool due)
    {
        var now = Now;
        lock (_lock)
        {
            if (EntryOf(key) is not { } entry)
            {
                due = true;
                return default;
            }

            entry.LastUsed = now;
            due = now >= entry.AskAgain;
            return now < entry.GoodUntil ? entry.Answer : default;
        }
    }

    public void Store(TKey key, TAnswer answer, TimeSpan ttl)
    {
        var most = answer.State == AnswerState.Absent ? options.MaxNegativeTtl : options.MaxTtl;
        var life = Jitter.Of(ttl < options.MinTtl ? options.MinTtl : ttl > most ? most : ttl);
        var now = Now;
        lock (_lock) Put(key, new Entry(answer, now + Seconds(life * Refresh), now + Seconds(life) + Seconds(options.Stale), now));
    }

    /// <summary>Nobody answered: an earlier answer stays in use, and the next try comes later each time.</summary>
    public void StoreFailure(TKey key)
    {
        var now = Now;
        lock (_lock)
        {
            var old = EntryOf(key);
            if (old is { Answer.State: not AnswerState.Pending } && now < old.GoodUntil)
            {
                Put(key, old with { AskAgain = now + Seconds(Jitter.Of(StaleRetry)) });
                return;
            }

            var failures = (byte)Math.Min((old?.Failures ?? 0) + 1, 16);
            var wait = FirstRetry * Math.Pow(2, failures - 1);
            Put(key, new Entry(default, now + Seconds(Jitter.Of(wait < LastRetry ? wait : LastRetry)), now, now) { Failures = failures });
        }
    }

    /// <summary>Failures are not saved: the next process tries for itself.</summary>
    public void Save(BinaryWriter to, Action<TKey, TAnswer> write)
    {
        List<KeyValuePair<TKey, Entry>> answered;
        lock (_lock) answered = [.. _present.Concat(_others).Where(entry => entry.Value.Answer.State != AnswerState.Pending)];
        to.WriteAll(answered, item =>
        {
            write(item.Key, item.Value.Answer);
            to.Write(item.Value.AskAgain);
            to.Write(item.Value.GoodUntil);
            to.Write(item.Value.LastUsed);
        });
    }

    public void Load(BinaryReader from, Func<(TKey Key, TAnswer Answer)> read)
    {
        lock (_lock)
        {
            foreach (var (key, answer) in from.ReadAll(read)) Put(key, new Entry(answer, from.ReadUInt32(), from.ReadUInt32(), from.ReadUInt32()));
        }
    }

    /// <summary>Seconds since the epoch; enough until 2106.</summary>
    private uint Now => (uint)time.GetUtcNow().ToUnixTimeSeconds();

    private static uint Seconds(TimeSpan time) => (uint)time.TotalSeconds;

    private Entry? EntryOf(TKey key) => _present.TryGetValue(key, out var entry) ? entry : _others.GetValueOrDefault(key);

    private void Put(TKey key, Entry entry)
    {
        var isPresent = entry.Answer.State == AnswerState.Present;
        var (part, other) = isPresent ? (_present, _others) : (_others, _present);
        var most = Math.Max(1, isPresent ? maxEntries - (maxEntries / 4) : maxEntries / 4);
        other.Remove(key);
        part[key] = entry;
        if (part.Count <= most) return;
        // A tenth at once, so that the search for the least used is paid rarely.
        foreach (var old in part.OrderBy(item => item.Value.LastUsed).Take(Math.Max(1, most / 10)).Select(item => item.Key).ToList()) part.Remove(old);
    }

    /// <summary>Times are in seconds since the epoch.</summary>
    private sealed record Entry(TAnswer Answer, uint AskAgain, uint GoodUntil, uint LastUsed)
    {
        public uint LastUsed { get; set; } = LastUsed;

        public byte Failures { get; init; }
    }
}
