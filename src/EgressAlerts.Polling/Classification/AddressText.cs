using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EgressAlerts.Polling;

/// <summary>Reads label values of Istio that are an address, a host with a port, or one of the ways to say that nothing is known.</summary>
internal static class AddressText
{
    private static readonly IPNetwork[] Private =
        [.. ((string[])["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]).Select(text => IPNetwork.Parse(text))];

    /// <summary>The ways in which eight years of Istio have said "not known"; see the accounting table in deploy/reference/accounting.md.</summary>
    public static bool IsMissing(string? text) =>
        text is null or "" or "unknown" or "-" or "0.0.0.0" or "::" or "<nil>" or "NULL" || text[0] == '?';

    /// <summary>Reads <c>1.2.3.4</c>, <c>1.2.3.4:443</c>, <c>2001:db8::1</c>, <c>[2001:db8::1]</c> and <c>[2001:db8::1]:443</c>. An IPv4 address that was
    /// mapped into IPv6 becomes IPv4.</summary>
    public static bool TryAddress(string? text, out IPAddress address, out string port)
    {
        (address, port) = (IPAddress.None, "");
        if (IsMissing(text)) return false;
        var (host, after) = Split(text!);
        if (!LooksLikeAddress(host) || !IPAddress.TryParse(host, out var parsed)) return false;
        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : WithoutScope(parsed);
        port = Model.LabelText.Port(after);
        return !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
    }

    /// <summary>Whether pods and services of a cluster may have such an address (RFC 1918, 6598, 4193).</summary>
    public static bool IsPrivate(IPAddress address) => Private.Any(network => network.Contains(address));

    /// <summary>Splits a port off. A text with several colons and no brackets is a bare IPv6 address.</summary>
    public static (string Host, string Port) Split(string text)
    {
        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is > 0 and var close)
            return (text[1..close], text.AsSpan(close + 1).StartsWith(":") ? text[(close + 2)..] : "");
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0 && colon == text.LastIndexOf(':') ? (text[..colon], text[(colon + 1)..]) : (text, "");
    }

    /// <summary>Refuses <c>1.2</c> and <c>0x7f000001</c>, which the platform's parser takes but which are no addresses in a label.</summary>
    private static bool LooksLikeAddress(string text) => text.Contains(':', StringComparison.Ordinal)
        || (text.Count(c => c == '.') == 3 && text.Split('.').All(part => byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _)));

    private static IPAddress WithoutScope(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
}
