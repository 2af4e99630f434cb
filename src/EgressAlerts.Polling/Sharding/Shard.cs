using System.Globalization;
using System.Text;

namespace EgressAlerts.Polling;

/// <summary>Which part of all namespaces an instance watches. Which part a namespace belongs to depends on nothing but its name and the number of parts.
/// </summary>
/// <param name="Number">From 1.</param>
/// <param name="Of">How many parts there are.</param>
public readonly record struct Shard(int Number, int Of)
{
    private const int MaxOf = 1000;
    private const string Ordinal = "ordinal";

    public const string Expected = "a part of all, such as 2/8 for the second of eight, or ordinal/8 on a host whose name ends with a number from 0 to 7";

    /// <summary>All namespaces.</summary>
    public static Shard Whole { get; } = new(1, 1);

    public bool IsWhole => Of == 1;

    /// <param name="text">Such as <c>2/8</c>. In <c>ordinal/8</c> the number comes from the name of the host, as a StatefulSet gives it: the pod
    /// <c>egress-alerts-1</c> is the second.</param>
    /// <returns>Null where it is no part.</returns>
    public static Shard? Parse(string text, string host)
    {
        if (text.Split('/') is not [var first, var second] || !TryRead(second, out var of) || of is < 1 or > MaxOf) return null;
        int number;
        if (first == Ordinal)
        {
            if (!TryRead(host[(host.LastIndexOf('-') + 1)..], out var ordinal)) return null;
            number = ordinal + 1;
        }
        else if (!TryRead(first, out number))
        {
            return null;
        }

        return number >= 1 && number <= of ? new(number, of) : null;
    }

    /// <summary>Whether the part has the series of a namespace. The first part also has those whose label is no name of a namespace.</summary>
    public bool Owns(string ns) => IsWhole || (NamespaceCut.IsName(ns) ? (int)(Hash(ns) % (uint)Of) + 1 : 1) == Number;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Of}");

    /// <summary>FNV-1a. It must never change: with another hash namespaces would change their shards.</summary>
    private static uint Hash(string name)
    {
        var hash = 2166136261u;
        foreach (var one in Encoding.UTF8.GetBytes(name)) hash = (hash ^ one) * 16777619;
        return hash ^ (hash >> 15);
    }

    private static bool TryRead(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
