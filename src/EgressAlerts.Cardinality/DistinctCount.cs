using System.Numerics;

namespace EgressAlerts.Cardinality;

/// <summary>Estimates how many different texts were seen (HyperLogLog, Flajolet et al. 2007): 4 KiB, a standard error of 1.6 %.</summary>
internal sealed class DistinctCount
{
    private const int Bits = 12;
    private const int Registers = 1 << Bits;

    private readonly byte[] _registers = new byte[Registers];

    public void Add(string first, string second, string third)
    {
        var hash = Mix(Hash(Hash(Hash(14695981039346656037, first), second), third));
        ref var register = ref _registers[hash >> (64 - Bits)];
        register = Math.Max(register, (byte)(BitOperations.LeadingZeroCount((hash << Bits) | (1UL << (Bits - 1))) + 1));
    }

    /// <summary>How many were seen by this one or the other.</summary>
    public long Estimate(DistinctCount other)
    {
        var (sum, empty) = (0.0, 0);
        for (var i = 0; i < Registers; i++)
        {
            var register = Math.Max(_registers[i], other._registers[i]);
            sum += Math.ScaleB(1, -register);
            if (register == 0) empty++;
        }

        var estimate = 0.7213 / (1 + (1.079 / Registers)) * Registers * Registers / sum;
        // Few of many registers in use: how many are empty says more.
        return (long)Math.Round(estimate <= 2.5 * Registers && empty > 0 ? Registers * Math.Log((double)Registers / empty) : estimate);
    }

    public void Save(BinaryWriter to) => to.Write(_registers);

    public void Load(BinaryReader from) => from.BaseStream.ReadExactly(_registers);

    /// <summary>FNV-1a: the same in every process, as the checkpoint needs.</summary>
    private static ulong Hash(ulong hash, string text)
    {
        foreach (var c in text) hash = (hash ^ c) * 1099511628211;
        return (hash ^ 0xff) * 1099511628211;
    }

    /// <summary>The finalizer of SplitMix64: FNV's upper bits alone are too even.</summary>
    private static ulong Mix(ulong hash)
    {
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
        return hash ^ (hash >> 31);
    }
}
