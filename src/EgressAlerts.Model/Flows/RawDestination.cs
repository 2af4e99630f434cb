using System.Net;

namespace EgressAlerts.Model;

/// <summary>What the telemetry says about a destination: cleaned, but not yet named. Empty or null where it says nothing.</summary>
/// <param name="Address">The address that was dialled. An IPv4 address that came mapped into IPv6 is IPv4 here.</param>
/// <param name="Port">Decimal digits, 1 to 65535.</param>
/// <param name="Service">The host of a ServiceEntry or of the egress gateway. The mesh has verified it.</param>
/// <param name="Host">HTTP's Host header. The client claims it.</param>
/// <param name="Sni">TLS's server name. The client claims it.</param>
public sealed record RawDestination(IPAddress? Address, string Port, string Service, string Host, string Sni)
{
    /// <summary>Tells this destination apart before it has a name. It is the most trustworthy of the parts.</summary>
    public string Key => Address?.ToString() ?? (Service.Length > 0 ? Service : Sni.Length > 0 ? Sni : Host.Length > 0 ? Host : LabelValues.Unknown);
}
