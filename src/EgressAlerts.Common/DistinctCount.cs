using System.Buffers.Binary;
using System.Numerics;

namespace EgressAlerts.Common;

/// <summary>Estimates how many different texts were seen (HyperLogLog, Flajolet et al. 2007).</summary>
/// <param name="bits">Two to this power are the registers, a byte each; the standard error is 1.04 by the root of their number: 12 for 4 KiB and 1.6 %, 10 for
/// 1 KiB and 3.3 %.</param>
public sealed class DistinctCount(int bits = 12)
{
    /// <summary>Two for the number of a register and one for its value. No power of two is a multiple of it.</summary>
    private const int EntryBytes = 3;
    private const ulong Basis = 14695981039346656037;

    private readonly byte[] _registers = new byte[1 << bits];

    /// <returns>False where it tells nothing new.</returns>
    public bool Add(params ReadOnlySpan<string> texts)
    {
        var hash = Basis;
        foreach (var text in texts) hash = Hash(hash, text);
        return Add(Mix(hash));
    }

    /// <summary>What has been seen: of each register in use its number in two bytes, little-endian, and its value; or all registers, where that is
    /// shorter.</summary>
    /// <exception cref="FormatException">It is of another size, or damaged.</exception>
    public byte[] Registers
    {
        get
        {
            var used = _registers.Length - _registers.AsSpan().Count((byte)0);
            if (used * EntryBytes >= _registers.Length) return [.. _registers];
            var (entries, at) = (new byte[used * EntryBytes], 0);
            for (var i = 0; i < _registers.Length; i++)
            {
                if (_registers[i] == 0) continue;
                BinaryPrimitives.WriteUInt16LittleEndian(entries.AsSpan(at), (ushort)i);
                entries[at + 2] = _registers[i];
                at += EntryBytes;
            }

            return entries;
        }

        init
        {
            if (value.Length == _registers.Length)
            {
                value.CopyTo(_registers, 0);
                return;
            }

            if (value.Length % EntryBytes != 0) throw new FormatException($"a sketch of {_registers.Length} registers has {value.Length} bytes");
            for (var at = 0; at < value.Length; at += EntryBytes)
            {
                var i = BinaryPrimitives.ReadUInt16LittleEndian(value.AsSpan(at));
                if (i >= _registers.Length) throw new FormatException($"a sketch of {_registers.Length} registers has one with the number {i}");
                _registers[i] = value[at + 2];
            }
        }
    }

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

    private bool Add(ulong hash)
    {
        ref var register = ref _registers[hash >> (64 - bits)];
        var rank = (byte)(BitOperations.LeadingZeroCount((hash << bits) | (1UL << (bits - 1))) + 1);
        if (rank <= register) return false;
        register = rank;
        return true;
    }

    /// <summary>FNV-1a: the same in every process, as the stored state needs.</summary>
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
