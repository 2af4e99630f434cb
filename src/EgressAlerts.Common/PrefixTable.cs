using System.Net;

namespace EgressAlerts.Common;

/// <summary>Finds the most specific network that holds an address. Immutable; 25 bytes a network, so that a cloud's 130,000 fit into 4 MB.</summary>
public class PrefixTable<T>
    where T : notnull
{
    private const int MappedBits = 96;
    private const int None = -1;

    // Sorted by prefix, then by length: a network comes after the one that holds it, which is its parent.
    private readonly UInt128[] _prefixes;
    private readonly byte[] _lengths;
    private readonly int[] _parents;
    private readonly int[] _which;
    private readonly T[] _values;

    /// <param name="networks">Each with what is to be found there. Of the same network twice the first counts.</param>
    public PrefixTable(IEnumerable<(IPNetwork Network, T Value)> networks)
    {
        var numbers = new Dictionary<T, int>();
        var entries = networks.Select((entry, order) =>
        {
            if (!numbers.TryGetValue(entry.Value, out var number)) numbers.Add(entry.Value, number = numbers.Count);
            return (AddressNumber.Of(entry.Network).Prefix, Length: (byte)AddressNumber.Length(entry.Network), Order: order, Which: number);
        }).ToArray();
        Array.Sort(entries);
        var kept = entries.Where((entry, i) => i == 0 || (entry.Prefix, entry.Length) != (entries[i - 1].Prefix, entries[i - 1].Length)).ToArray();
        _prefixes = [.. kept.Select(entry => entry.Prefix)];
        _lengths = [.. kept.Select(entry => entry.Length)];
        _which = [.. kept.Select(entry => entry.Which)];
        _values = [.. numbers.Keys];
        _parents = new int[kept.Length];
        for (var i = 0; i < kept.Length; i++)
        {
            var parent = i - 1;
            while (parent != None && !Holds(parent, _prefixes[i])) parent = _parents[parent];
            _parents[i] = parent;
        }
    }

    public int Count => _prefixes.Length;

    /// <summary>The network and the length of its prefix among 128 bits; null where none holds the address.</summary>
    public (T Value, int Length)? Find(IPAddress address)
    {
        var number = AddressNumber.Of(address);
        var isMapped = number >> 32 == 0xffff;
        var at = Array.BinarySearch(_prefixes, number);
        // The last that begins at or before the address: it or one that holds it is the answer.
        if (at < 0) at = ~at - 1;
        else while (at + 1 < _prefixes.Length && _prefixes[at + 1] == number) at++;
        for (; at != None; at = _parents[at])
        {
            // ::/0 holds the numbers of IPv4 addresses too, but not the addresses.
            if (Holds(at, number) && (!isMapped || _lengths[at] >= MappedBits)) return (_values[_which[at]], _lengths[at]);
        }

        return null;
    }

    private bool Holds(int network, UInt128 number) => (number & AddressNumber.Mask(_lengths[network])) == _prefixes[network];
}
