using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Something outside the mesh that is talked to, as telemetry shows it and as naming calls it.</summary>
/// <param name="Flags">Envoy's flags of what ends there: <c>-</c> where all is well, <c>UF,URX</c> where nobody answers.</param>
internal sealed record Target(RawDestination To, Destination Name, Route Route, Protocol Protocol, string Flags = "-", RefutedClaim? Refuted = null)
{
    private IReadOnlySet<string>? _names;

    /// <summary>All that an alert may call it: its name, what telemetry shows, the owner's part of the name, its network and its neighbourhood.</summary>
    public IReadOnlySet<string> Names => _names ??= new HashSet<string>(
        [Name.Name, To.Key, To.Service, To.Host, To.Sni, Name.Site, Name.Domain, Name.Network, Name.Owner, Refuted?.Name ?? "", Neighbourhood(To.Address)]);

    public bool IsHttp => Protocol != Protocol.Tcp;

    /// <summary>The same, where nobody answers.</summary>
    public Target Failing => this with { Flags = "UF,URX" };

    /// <summary>The same, refused by the mesh.</summary>
    public Target Blocked => this with { Flags = "UH", Route = Route.Blocked };

    /// <summary>Two targets are one only where they are the same object: dictionaries of targets then cost little.</summary>
    public bool Equals(Target? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    private static string Neighbourhood(IPAddress? address) =>
        address?.GetAddressBytes() is [var a, var b, var c, _] ? string.Create(CultureInfo.InvariantCulture, $"{a}.{b}.{c}.0/24") : "";
}
