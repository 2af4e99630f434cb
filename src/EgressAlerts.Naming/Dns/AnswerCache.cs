using EgressAlerts.Storage;

namespace EgressAlerts.Naming.Dns;

/// <summary>The answer to one kind of question.</summary>
internal interface IAnswer
{
    AnswerState State { get; }
}

/// <summary>Remembers answers for as long as DNS allows, and failures briefly. Any thread. Hot code.</summary>
/// <remarks>Names and addresses have three quarters of the room. Absences and failures have the rest, so a scan of addresses without names cannot push names
/// out.</remarks>
internal sealed class AnswerCache<TKey, TAnswer>
    where TKey : notnull
    where TAnswer : struct, IAnswer
{
    /// <summary>After this fraction of its life an answer that is in use is asked for again.</summary>
    private const double Refresh = 0.9;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StaleRetry = TimeSpan.FromSeconds(30);

    /// <summary>An answer in use is written each time that it is asked for again, and once an hour.</summary>
    private const uint UseGrain = 60 * 60;

    private readonly DnsOptions _options;
    private readonly int _maxEntries;
    private readonly TimeProvider _time;

    /// <summary>Its lock is held wherever state is read or changed, because a commit may read it at the same time.</summary>
    private readonly Table<TKey, Remembered<TAnswer>> _answers;

    /// <summary>Failures are not kept over a restart. The next process asks for itself.</summary>
    private readonly Dictionary<TKey, Remembered<TAnswer>> _failures = [];
    private int _present;

    public AnswerCache(DnsOptions options, int maxEntries, Table<TKey, Remembered<TAnswer>> answers, TimeProvider time)
    {
        (_options, _maxEntries, _answers, _time) = (options, maxEntries, answers, time);
        _present = answers.Values.Count(IsPresent);
        MakeRoom();
    }

    public int Count
    {
        get
        {
            lock (_answers.Lock) return _answers.Count + _failures.Count;
        }
    }

    /// <summary>The answer that is known, even if it is stale, and whether it is time to ask again.</summary>
    public TAnswer Find(TKey key, out bool due)
    {
        var now = Now;
        lock (_answers.Lock)
        {
            if (EntryOf(key) is not { } entry)
            {
                due = true;
                return default;
            }

            if (now - entry.LastUsed >= UseGrain)
            {
                entry.LastUsed = now;
                if (entry.Failures == 0) _answers.Touch(key);
            }

            due = now >= entry.AskAgain;
            return now < entry.GoodUntil ? entry.Answer : default;
        }
    }

    public void Store(TKey key, TAnswer answer, TimeSpan ttl)
    {
        var most = answer.State == AnswerState.Absent ? _options.MaxNegativeTtl : _options.MaxTtl;
        var life = Jitter.Apply(ttl < _options.MinTtl ? _options.MinTtl : ttl > most ? most : ttl);
        var now = Now;
        lock (_answers.Lock) Put(key, new(answer, now + Seconds(life) + Seconds(_options.Stale)) { AskAgain = now + Seconds(life * Refresh), LastUsed = now });
    }

    /// <summary>Notes that nobody answered. An earlier answer stays in use, and each further try comes later than the one before.</summary>
    public void StoreFailure(TKey key)
    {
        var now = Now;
        lock (_answers.Lock)
        {
            var old = EntryOf(key);
            if (old is { Failures: 0 } && now < old.GoodUntil)
            {
                old.AskAgain = now + Seconds(Jitter.Apply(StaleRetry)); // Not touched: a failure is not kept.
                return;
            }

            var failures = (byte)Math.Min((old?.Failures ?? 0) + 1, 16);
            var wait = FirstRetry * Math.Pow(2, failures - 1);
            Put(key, new(default, now) { AskAgain = now + Seconds(Jitter.Apply(wait < LastRetry ? wait : LastRetry)), LastUsed = now, Failures = failures });
        }
    }

    /// <summary>Seconds since 1970, which fit until 2106.</summary>
    private uint Now => (uint)_time.GetUtcNow().ToUnixTimeSeconds();

    private static uint Seconds(TimeSpan time) => (uint)time.TotalSeconds;

    private static bool IsPresent(Remembered<TAnswer> entry) => entry.Answer.State == AnswerState.Present;

    private Remembered<TAnswer>? EntryOf(TKey key) => _answers.TryFind(key, out var entry) ? entry : _failures.GetValueOrDefault(key);

    private void Put(TKey key, Remembered<TAnswer> entry)
    {
        Remove(key);
        if (entry.Failures > 0) _failures.Add(key, entry);
        else _answers.Put(key, entry);
        if (IsPresent(entry)) _present++;
        MakeRoom();
    }

    private void Remove(TKey key)
    {
        if (_failures.Remove(key) || !_answers.TryFind(key, out var old)) return;
        if (IsPresent(old)) _present--;
        _answers.Remove(key);
    }

    private void MakeRoom()
    {
        var mostOthers = Math.Max(1, _maxEntries / 4);
        Shrink(_present, Math.Max(1, _maxEntries - (_maxEntries / 4)), _answers.Where(item => IsPresent(item.Value)));
        Shrink(_answers.Count - _present + _failures.Count, mostOthers, _answers.Where(item => !IsPresent(item.Value)).Concat(_failures));
    }

    /// <summary>Where there are too many, a tenth more is forgotten at once, because the search for the least recently used is expensive.</summary>
    private void Shrink(int count, int most, IEnumerable<KeyValuePair<TKey, Remembered<TAnswer>>> entries)
    {
        if (count <= most) return;
        foreach (var key in entries.OrderBy(item => item.Value.LastUsed).Take(count - most + (most / 10)).Select(item => item.Key).ToList()) Remove(key);
    }
}
