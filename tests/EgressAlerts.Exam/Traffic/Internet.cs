using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Naming;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Makes targets as the naming stage would name them.</summary>
/// <param name="knowsNetworks">Whether the user has a database that says to which network an address belongs. One of countries there always is.</param>
internal sealed class Internet(bool knowsNetworks)
{
    /// <summary>The rules of publicsuffix.org that matter here.</summary>
    private const string Suffixes = """
        // ===BEGIN ICANN DOMAINS===
        com
        net
        org
        io
        example
        // ===END ICANN DOMAINS===
        // ===BEGIN PRIVATE DOMAINS===
        s3.amazonaws.com
        s3.eu-central-1.amazonaws.com
        compute-1.amazonaws.com
        blob.core.windows.net
        cloudfront.net
        // ===END PRIVATE DOMAINS===
        """;

    private static readonly PublicSuffixes List = Read();

    /// <summary>The mesh knows the host by a ServiceEntry.</summary>
    public Target Registered(string host, IPAddress address, Provider by, Protocol protocol = Protocol.Tcp) =>
        new(new(address, "443", host, "", ""), Named(host, NameSource.Registry, confirmed: true, by), Route.Registered, protocol);

    /// <summary>A TLS server name, which DNS confirms or not.</summary>
    public Target Tls(string host, IPAddress address, Provider by, bool confirmed = true) =>
        new(new(address, "443", "", "", host), Named(host, NameSource.Sni, confirmed, by), Route.Passthrough, Protocol.Tcp);

    /// <summary>A Host header, which DNS confirms or not.</summary>
    public Target Http(string host, IPAddress address, Provider by, bool confirmed = true) =>
        new(new(address, "80", "", host, ""), Named(host, NameSource.Host, confirmed, by), Route.Passthrough, Protocol.Http);

    /// <summary>A name by reverse DNS; names of single machines are collapsed as the naming stage does it.</summary>
    public Target Reverse(string host, IPAddress address, Provider by, bool confirmed = true, string port = "443") => new(
        new(address, port, "", "", ""), Named(NameCollapser.Collapse(host, address), confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, confirmed, by),
            Route.Passthrough, Protocol.Tcp);

    /// <summary>A machine of Amazon's, whose name is collapsed to <c>*.compute-1.amazonaws.com</c>.</summary>
    public Target Machine(IPAddress address) => Reverse($"ec2-{$"{address}".Replace('.', '-')}.compute-1.amazonaws.com", address, Provider.Amazon);

    public Target Nameless(IPAddress address, Provider by, string port = "443") =>
        new(new(address, port, "", "", ""), Named($"{address}", NameSource.Ip, confirmed: false, by), Route.Passthrough, Protocol.Tcp);

    /// <summary>An address of the company's own, outside the mesh.</summary>
    public static Target Private(string address, string port) =>
        new(new(IPAddress.Parse(address), port, "", "", ""), new("private", NameSource.Special, Confirmed: true), Route.Passthrough, Protocol.Tcp);

    public static Target Metadata() =>
        new(new(IPAddress.Parse("169.254.169.254"), "80", "", "169.254.169.254", ""), new(LabelValues.CloudMetadata, NameSource.Special, Confirmed: true),
            Route.Passthrough, Protocol.Http);

    /// <summary>An ordinary host of some kind: most have a name.</summary>
    public Target Some(string host, Dice dice)
    {
        var by = dice.Pick(Provider.Hosters);
        var address = by.Address(dice);
        return dice.Below(100) switch
        {
            < 45 => Tls(host, address, by),
            < 65 => Tls(host, address, by, confirmed: false),
            < 75 => Machine(Provider.Amazon.Address(dice)),
            < 85 => Reverse(host, address, by, confirmed: dice.Chance(0.6)),
            _ => Nameless(address, by),
        };
    }

    private static PublicSuffixes Read()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Suffixes);
            return PublicSuffixes.Read(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private Destination Named(string name, NameSource source, bool confirmed, Provider by)
    {
        var (owner, network) = knowsNetworks ? (by.Owner, by.Network) : ("", "");
        if (source == NameSource.Ip) return new(name, source, confirmed, owner, network, by.Region);
        var (domain, site) = (List.DomainOf(name), List.OwnerOf(name));
        return new(name, source, confirmed, owner, network, by.Region, domain, site.Length > 0 ? site : domain);
    }
}
