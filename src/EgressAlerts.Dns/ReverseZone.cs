using System.Globalization;
using System.Net;

namespace EgressAlerts.Dns;

/// <summary>The name under which an address is found in the reverse zones (RFC 1035 3.5, RFC 3596 2.5).</summary>
internal static class ReverseZone
{
    private const string Nibbles = "0123456789abcdef";

    public static string NameOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<char> name = stackalloc char[80];
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out var count);
        var length = 0;
        for (var i = count - 1; i >= 0; i--)
        {
            if (count == 4)
            {
                bytes[i].TryFormat(name[length..], out var digits, provider: CultureInfo.InvariantCulture);
                length += digits;
            }
            else
            {
                name[length++] = Nibbles[bytes[i] & 15];
                name[length++] = '.';
                name[length++] = Nibbles[bytes[i] >> 4];
            }

            name[length++] = '.';
        }

        var zone = count == 4 ? "in-addr.arpa" : "ip6.arpa";
        zone.CopyTo(name[length..]);
        return new string(name[..(length + zone.Length)]);
    }
}
