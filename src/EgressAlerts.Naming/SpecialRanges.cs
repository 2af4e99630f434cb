using System.Net;

namespace EgressAlerts.Naming;

/// <summary>Addresses that mean something by definition: RFC 6890's registries, the clouds' metadata services, and those that Istio itself allots.</summary>
internal static class SpecialRanges
{
    public const string Private = "private";

    /// <summary>First match wins, so the more specific ones come first.</summary>
    private static readonly (IPNetwork Range, string Name)[] Ranges =
    [
        (IPNetwork.Parse("169.254.169.254/32"), "cloud-metadata"),  // AWS, Azure, Google Cloud, Oracle, DigitalOcean
        (IPNetwork.Parse("169.254.170.2/32"), "cloud-metadata"),    // AWS ECS task credentials
        (IPNetwork.Parse("100.100.100.200/32"), "cloud-metadata"),  // Alibaba Cloud
        (IPNetwork.Parse("168.63.129.16/32"), "cloud-metadata"),    // Azure's platform resources
        (IPNetwork.Parse("fd00:ec2::254/128"), "cloud-metadata"),   // AWS over IPv6
        (IPNetwork.Parse("240.240.0.0/16"), "istio-auto-allocated"),
        (IPNetwork.Parse("2001:2::/48"), "istio-auto-allocated"),
        (IPNetwork.Parse("127.0.0.0/8"), "loopback"),
        (IPNetwork.Parse("::1/128"), "loopback"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("10.0.0.0/8"), Private),
        (IPNetwork.Parse("172.16.0.0/12"), Private),
        (IPNetwork.Parse("192.168.0.0/16"), Private),
        (IPNetwork.Parse("fc00::/7"), Private),
        (IPNetwork.Parse("100.64.0.0/10"), "cgnat"),
        (IPNetwork.Parse("192.0.2.0/24"), "documentation"),
        (IPNetwork.Parse("198.51.100.0/24"), "documentation"),
        (IPNetwork.Parse("203.0.113.0/24"), "documentation"),
        (IPNetwork.Parse("2001:db8::/32"), "documentation"),
        (IPNetwork.Parse("198.18.0.0/15"), "benchmarking"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
        (IPNetwork.Parse("0.0.0.0/8"), "this-network"),
        (IPNetwork.Parse("240.0.0.0/4"), "reserved"),
    ];

    /// <summary>The name of the range that holds the address, or null for an ordinary one.</summary>
    public static string? Find(IPAddress address)
    {
        foreach (var (range, name) in Ranges)
        {
            if (range.Contains(address)) return name;
        }

        return null;
    }
}
