using System.Runtime.InteropServices;

namespace EgressAlerts.Polling;

/// <summary>A series as a server sends it. It shows a counter. 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct RawSeries(ulong hash, int counter) : IKeyed
{
    /// <summary>The hash of its label set, byte by byte as it was sent.</summary>
    public readonly ulong Key { get; } = hash;

    public int Next { get; set; }

    public int Counter = counter;

    /// <summary>The number of the last window that had a sample of it.</summary>
    public uint Seen;
}

/// <summary>One counter of one proxy. 40 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct TrackedCounter(ProxyCounter id) : IKeyed
{
    private const uint NumberBits = 0x0fff_ffff;
    private const uint NamedBit = 0x8000_0000, SharedBit = 0x4000_0000, OddBit = 0x2000_0000, PresentBit = 0x1000_0000;

    private uint _seenAndBits;

    public readonly ulong Key { get; } = id.Key;

    public int Next { get; set; }

    public uint Pod = id.Pod;

    /// <summary>Its value at the anchor. Up to there all is settled. Later samples are read again with every window, because some may come late.</summary>
    public double Anchor;

    /// <summary>Its value at the last sample. What has been counted since the anchor is the difference, unless <see cref="IsOdd"/>.</summary>
    public double Level;

    /// <summary>The number of its meaning in <see cref="MeaningTable"/>. Where it has none yet, -1 less the number of its job in
    /// <see cref="JobRegister"/>.</summary>
    public int Meaning;

    /// <summary>The number of the last window that had a sample of it.</summary>
    public uint Seen
    {
        readonly get => _seenAndBits & NumberBits;
        set => _seenAndBits = (_seenAndBits & ~NumberBits) | value;
    }

    /// <summary>At least one known series shows it.</summary>
    public bool IsNamed
    {
        readonly get => (_seenAndBits & NamedBit) != 0;
        set => Set(NamedBit, value);
    }

    /// <summary>More than one known series shows it.</summary>
    public bool IsShared
    {
        readonly get => (_seenAndBits & SharedBit) != 0;
        set => Set(SharedBit, value);
    }

    /// <summary>The tracker has an <see cref="OddState"/> for it.</summary>
    public bool IsOdd
    {
        readonly get => (_seenAndBits & OddBit) != 0;
        set => Set(OddBit, value);
    }

    /// <summary>It had a sample in the last window of all. The database holds this instead of a number that would change with each window.</summary>
    public bool IsPresent
    {
        readonly get => (_seenAndBits & PresentBit) != 0;
        set => Set(PresentBit, value);
    }

    private void Set(uint bit, bool value) => _seenAndBits = value ? _seenAndBits | bit : _seenAndBits & ~bit;
}

/// <summary>More state of the few counters that have a restart which is not settled yet.</summary>
/// <param name="Counted">What has been counted since the anchor.</param>
/// <param name="Debt">How much of that was too much, as later samples showed. So much of the next growth is not counted.</param>
/// <param name="From">The time of its anchor in milliseconds, where that is later than the anchor of all other counters.</param>
internal readonly record struct OddState(double Counted, double Debt, long From);
