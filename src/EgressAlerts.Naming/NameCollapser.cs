using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Naming;

/// <summary>Turns the names of single machines of a provider into one: <c>ec2-52-22-188-80.compute-1.amazonaws.com</c>, the name of 52.22.188.80,
/// becomes <c>*.compute-1.amazonaws.com</c>. Only digits that are the address count, so <c>s3-website-2</c> stays.</summary>
internal static class NameCollapser
{
    private static readonly char[] Separators = ['-', '.', '_'];

    public static string Collapse(string name, IPAddress address)
    {
        foreach (var spelling in Spellings(address, hasDigit: name.AsSpan().ContainsAnyInRange('0', '9')))
        {
            var at = IndexOfWhole(name, spelling);
            if (at < 0) continue;
            var parent = name.IndexOf('.', at + spelling.Length);
            // A parent of one label would be a whole top-level domain.
            if (parent > 0 && name.IndexOf('.', parent + 1) > 0) return "*" + name[parent..];
        }

        return name;
    }

    private static IEnumerable<string> Spellings(IPAddress address, bool hasDigit)
    {
        var bytes = address.GetAddressBytes();
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            var groups = Enumerable.Range(0, 8).Select(i => (bytes[i * 2] << 8) | bytes[(i * 2) + 1]).ToList();
            yield return string.Join('-', groups.Select(group => group.ToString("x4", CultureInfo.InvariantCulture)));
            yield return string.Join('-', groups.Select(group => group.ToString("x", CultureInfo.InvariantCulture)));
            yield return Convert.ToHexStringLower(bytes);
            yield break;
        }

        // The spellings are made one after the other, because most names match the first or have no digit at all.
        var (a, b, c, d) = (bytes[0], bytes[1], bytes[2], bytes[3]);
        if (hasDigit)
        {
            foreach (var s in Separators) yield return string.Create(CultureInfo.InvariantCulture, $"{a}{s}{b}{s}{c}{s}{d}");
            foreach (var s in Separators) yield return string.Create(CultureInfo.InvariantCulture, $"{d}{s}{c}{s}{b}{s}{a}");
            foreach (var s in Separators) yield return string.Create(CultureInfo.InvariantCulture, $"{a:000}{s}{b:000}{s}{c:000}{s}{d:000}");
            foreach (var s in Separators) yield return string.Create(CultureInfo.InvariantCulture, $"{d:000}{s}{c:000}{s}{b:000}{s}{a:000}");
            yield return string.Create(CultureInfo.InvariantCulture, $"{a:000}{b:000}{c:000}{d:000}");
        }

        yield return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Where the spelling stands in the name. With a digit on either side it would be another address.</summary>
    private static int IndexOfWhole(string name, string spelling)
    {
        for (var at = name.IndexOf(spelling, StringComparison.Ordinal); at >= 0; at = name.IndexOf(spelling, at + 1, StringComparison.Ordinal))
        {
            var end = at + spelling.Length;
            if ((at == 0 || !char.IsAsciiDigit(name[at - 1])) && (end == name.Length || !char.IsAsciiDigit(name[end]))) return at;
        }

        return -1;
    }
}
