using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EgressAlerts.Dns;

/// <summary>The name under which an address is found in the reverse zones (RFC 1035 3.5, RFC 3596 2.5).</summary>
internal static class ReverseZone
{
    public static string NameOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var name = new StringBuilder(74);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            for (var i = 3; i >= 0; i--) name.Append(CultureInfo.InvariantCulture, $"{bytes[i]}.");
            return name.Append("in-addr.arpa").ToString();
        }

        for (var i = 15; i >= 0; i--) name.Append(CultureInfo.InvariantCulture, $"{bytes[i] & 15:x}.{bytes[i] >> 4:x}.");
        return name.Append("ip6.arpa").ToString();
    }
}
