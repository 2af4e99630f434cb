using System.Net;

namespace EgressAlerts.Model;

/// <summary>What the telemetry says about a destination, cleaned but not yet named; an empty string or null where it says nothing.</summary>
/// <param name="Address">The address that was dialled; IPv4 also where it came mapped into IPv6.</param>
/// <param name="Port">Decimal digits, 1 to 65535.</param>
/// <param name="Service">The host of a ServiceEntry or of the egress gateway: verified by the mesh.</param>
/// <param name="Host">HTTP's Host header: claimed by the client.</param>
/// <param name="Sni">TLS's server name: claimed by the client.</param>
public sealed record RawDestination(IPAddress? Address, string Port, string Service, string Host, string Sni)
{
    /// <summary>What tells this destination apart before it has a name: the most telling of its parts.</summary>
    public string Key => Address?.ToString() ?? (Service.Length > 0 ? Service : Sni.Length > 0 ? Sni : Host.Length > 0 ? Host : Words.Unknown);
}
