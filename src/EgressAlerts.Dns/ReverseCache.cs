using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Dns;

/// <summary>Remembers names and their absence for as long as DNS grants it, and failures briefly. Any thread. Hot code.</summary>
/// <remarks>Names have three quarters of the room, absences and failures the rest: a scan of addresses without names cannot push names out.</remarks>
internal sealed class ReverseCache(DnsOptions options, TimeProvider time)
{
    /// <summary>The part of its life after which a name that is in use is asked for again.</summary>
    private const double Refresh = 0.9;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StaleRetry = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<UInt128, Entry> _names = [];
    private readonly Dictionary<UInt128, Entry> _others = [];

    public int Count
    {
        get
        {
            lock (_lock) return _names.Count + _others.Count;
        }
    }

    /// <summary>What is known, also when it is stale, and whether it is time to ask (again).</summary>
    public ReverseAnswer Find(IPAddress address, out bool due)
    {
        var (key, now) = (AddressNumber.Of(address), Now);
        lock (_lock)
        {
            if (!_names.TryGetValue(key, out var entry) && !_others.TryGetValue(key, out entry))
            {
                due = true;
                return default;
            }

            entry.LastUsed = now;
            due = now >= entry.AskAgain;
            return now < entry.GoodUntil ? entry.Answer : default;
        }
    }

    public void Store(IPAddress address, ReverseAnswer answer, TimeSpan ttl)
    {
        var isName = answer.State == ReverseState.Named;
        var most = isName ? options.MaxTtl : options.MaxNegativeTtl;
        var life = Jitter(ttl < options.MinTtl ? options.MinTtl : ttl > most ? most : ttl);
        var (key, now) = (AddressNumber.Of(address), Now);
        lock (_lock) Put(key, new Entry(answer, now + Seconds(life * Refresh), now + Seconds(life) + Seconds(options.Stale), now));
    }

    /// <summary>Nobody answered: an earlier answer stays in use, and the next try comes later each time.</summary>
    public void StoreFailure(IPAddress address)
    {
        var (key, now) = (AddressNumber.Of(address), Now);
        lock (_lock)
        {
            if (!_names.TryGetValue(key, out var old)) _others.TryGetValue(key, out old);
            if (old is { Answer.State: not ReverseState.Pending } && now < old.GoodUntil)
            {
                Put(key, new Entry(old.Answer, now + Seconds(Jitter(StaleRetry)), old.GoodUntil, old.LastUsed));
                return;
            }

            var failures = (byte)Math.Min((old?.Failures ?? 0) + 1, 16);
            var wait = FirstRetry * Math.Pow(2, failures - 1);
            Put(key, new Entry(default, now + Seconds(Jitter(wait < LastRetry ? wait : LastRetry)), now, now) { Failures = failures });
        }
    }

    public void Save(BinaryWriter to)
    {
        List<KeyValuePair<UInt128, Entry>> answered;
        lock (_lock) answered = [.. _names.Concat(_others).Where(entry => entry.Value.Answer.State != ReverseState.Pending)];
        to.WriteAll(answered, item =>
        {
            to.Write((ulong)(item.Key >> 64));
            to.Write((ulong)item.Key);
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
        lock (_lock)
        {
            foreach (var (key, entry) in from.ReadAll(() => (
                new UInt128(from.ReadUInt64(), from.ReadUInt64()),
                new Entry(new((ReverseState)from.ReadByte(), from.ReadString(), from.ReadBoolean()), from.ReadUInt32(), from.ReadUInt32(), from.ReadUInt32()))))
            {
                Put(key, entry);
            }
        }
    }

    /// <summary>Seconds since the epoch; enough until 2106.</summary>
    private uint Now => (uint)time.GetUtcNow().ToUnixTimeSeconds();

    private static uint Seconds(TimeSpan time) => (uint)time.TotalSeconds;

    private void Put(UInt128 key, Entry entry)
    {
        var isName = entry.Answer.State == ReverseState.Named;
        var (part, other) = isName ? (_names, _others) : (_others, _names);
        var most = Math.Max(1, isName ? options.MaxEntries - (options.MaxEntries / 4) : options.MaxEntries / 4);
        other.Remove(key);
        part[key] = entry;
        if (part.Count <= most) return;
        // A tenth at once, so that the search for the least used is paid rarely.
        foreach (var old in part.OrderBy(item => item.Value.LastUsed).Take(Math.Max(1, most / 10)).Select(item => item.Key).ToList()) part.Remove(old);
    }

    /// <summary>Plus or minus a tenth, so that what was asked together is not asked together again.</summary>
    private static TimeSpan Jitter(TimeSpan life) => life * (0.9 + (Random.Shared.NextDouble() * 0.2));

    /// <summary>Times are in seconds since the epoch.</summary>
    private sealed class Entry(ReverseAnswer answer, uint askAgain, uint goodUntil, uint lastUsed)
    {
        public ReverseAnswer Answer => answer;

        public uint AskAgain => askAgain;

        public uint GoodUntil => goodUntil;

        public uint LastUsed { get; set; } = lastUsed;

        public byte Failures { get; init; }
    }
}
