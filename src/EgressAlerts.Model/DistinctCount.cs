using System.Numerics;

namespace EgressAlerts.Model;

/// <summary>Estimates how many different texts were seen (HyperLogLog, Flajolet et al. 2007).</summary>
/// <param name="bits">Two to this power are the registers, a byte each; the standard error is 1.04 by the root of their number: 12 for 4 KiB and 1.6 %, 10 for
/// 1 KiB and 3.3 %.</param>
public sealed class DistinctCount(int bits = 12)
{
    private const ulong Basis = 14695981039346656037;

    private readonly byte[] _registers = new byte[1 << bits];

    public void Add(string first, string second, string third) => Add(Mix(Hash(Hash(Hash(Basis, first), second), third)));

    public void Add(string text) => Add(Mix(Hash(Basis, text)));

    public void Clear() => Array.Clear(_registers);

    public long Estimate() => Estimate(this);

    /// <summary>How many were seen by this one or the other.</summary>
    public long Estimate(DistinctCount other)
    {
        var (sum, empty) = (0.0, 0);
        for (var i = 0; i < _registers.Length; i++)
        {
            var register = Math.Max(_registers[i], other._registers[i]);
            sum += Math.ScaleB(1, -register);
            if (register == 0) empty++;
        }

        var estimate = 0.7213 / (1 + (1.079 / _registers.Length)) * _registers.Length * _registers.Length / sum;
        // Few of many registers in use: how many are empty says more.
        return (long)Math.Round(estimate <= 2.5 * _registers.Length && empty > 0 ? _registers.Length * Math.Log((double)_registers.Length / empty) : estimate);
    }

    public void Save(BinaryWriter to) => to.Write(_registers);

    public void Load(BinaryReader from) => from.BaseStream.ReadExactly(_registers);

    private void Add(ulong hash)
    {
        ref var register = ref _registers[hash >> (64 - bits)];
        register = Math.Max(register, (byte)(BitOperations.LeadingZeroCount((hash << bits) | (1UL << (bits - 1))) + 1));
    }

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
