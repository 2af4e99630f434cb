using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>Knows addresses that mean something by definition: those of RFC 6890, of the clouds' metadata services, and those that Istio itself
/// allots.</summary>
internal static class SpecialRanges
{
    public const string Private = "private";

    private static readonly PrefixTable<string> Ranges = new(
    [
        Range("169.254.169.254/32", LabelValues.CloudMetadata),  // AWS, Azure, Google Cloud, Oracle, DigitalOcean
        Range("169.254.170.2/32", LabelValues.CloudMetadata),    // AWS ECS task credentials
        Range("169.254.170.23/32", LabelValues.CloudMetadata),   // AWS EKS Pod Identity
        Range("169.254.42.42/32", LabelValues.CloudMetadata),    // Scaleway
        Range("169.254.0.23/32", LabelValues.CloudMetadata),     // Tencent Cloud
        Range("100.100.100.200/32", LabelValues.CloudMetadata),  // Alibaba Cloud
        Range("168.63.129.16/32", LabelValues.CloudMetadata),    // Azure's platform resources
        Range("192.0.0.192/32", LabelValues.CloudMetadata),      // Oracle Cloud Classic
        Range("fd00:ec2::254/128", LabelValues.CloudMetadata),   // AWS over IPv6
        Range("fd00:ec2::23/128", LabelValues.CloudMetadata),    // AWS EKS Pod Identity over IPv6
        Range("fd20:ce::254/128", LabelValues.CloudMetadata),    // Google Cloud over IPv6
        Range("fd00:c1::a9fe:a9fe/128", LabelValues.CloudMetadata), // Oracle Cloud over IPv6
        Range("fd00:42::42/128", LabelValues.CloudMetadata),     // Scaleway over IPv6
        Range("240.240.0.0/16", "istio-auto-allocated"),
        Range("2001:2::/48", "istio-auto-allocated"),
        Range("127.0.0.0/8", "loopback"),
        Range("::1/128", "loopback"),
        Range("169.254.0.0/16", "link-local"),
        Range("fe80::/10", "link-local"),
        Range("10.0.0.0/8", Private),
        Range("172.16.0.0/12", Private),
        Range("192.168.0.0/16", Private),
        Range("fc00::/7", Private),
        Range("100.64.0.0/10", "cgnat"),
        Range("192.0.2.0/24", "documentation"),
        Range("198.51.100.0/24", "documentation"),
        Range("203.0.113.0/24", "documentation"),
        Range("2001:db8::/32", "documentation"),
        Range("198.18.0.0/15", "benchmarking"),
        Range("192.0.0.0/24", "ietf-protocol"),
        Range("100::/64", "discard"),
        Range("::/128", "this-network"),
        Range("224.0.0.0/4", "multicast"),
        Range("ff00::/8", "multicast"),
        Range("0.0.0.0/8", "this-network"),
        Range("240.0.0.0/4", "reserved"),
    ]);

    /// <summary>The name of the most specific range that holds the address, or null for an ordinary address.</summary>
    public static string? Find(IPAddress address) => Ranges.Find(address)?.Value;

    private static (IPNetwork Network, string Name) Range(string cidr, string name) => (IPNetwork.Parse(cidr), name);
}
