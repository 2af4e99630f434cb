using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Reads a ServiceEntry. The bounds are those of Istio's own resource definition.</summary>
internal static class EntryReader
{
    private const int Most = 256;

    public static ServiceEntry Read(Node resource, ResourceName name)
    {
        var spec = Metadata.Spec(resource);
        var hosts = spec.ListOf("hosts", Most);
        if (hosts.Count == 0) throw spec.Fault("has no 'hosts'; Istio wants at least one");
        return new(
            name,
            [.. hosts.Select(Host)],
            [.. spec.ListOf("addresses", Most).Select(Network)],
            [.. spec.ListOf("ports", Most).Select(Port)],
            spec.MemberOf(
                "resolution",
                Resolution.None,
                ("NONE", Resolution.None),
                ("STATIC", Resolution.Static),
                ("DNS", Resolution.Dns),
                ("DNS_ROUND_ROBIN", Resolution.DnsRoundRobin),
                ("DYNAMIC_DNS", Resolution.DynamicDns)),
            spec.TextsOf("exportTo"),
            spec.MemberOf("location", Location.External, ("MESH_EXTERNAL", Location.External), ("MESH_INTERNAL", Location.Internal)) == Location.External,
            Metadata.Created(resource))
        {
            Labels = Metadata.Labels(resource),
        };
    }

    /// <summary>Istio compares hosts without regard to case.</summary>
    private static string Host(Node node)
    {
        var text = node.Text ?? "";
        return LabelText.Host(text) is var host && host != LabelValues.Invalid
            ? host
            : throw node.Fault($"'{QuotedText.Of(text, 80)}' is not a host name such as api.example.com or *.example.com");
    }

    private static IPNetwork Network(Node node)
    {
        // The zeros before a number have meant octal to some parsers. Neither Istio nor this one takes them.
        var network = IPNetwork.TryParse(node.Text, out var range) ? range
            : IPAddress.TryParse(node.Text, out var address) && node.Text!.AsSpan().ContainsAny('.', ':')
                ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw node.Fault($"'{QuotedText.Of(node.Text ?? "", 80)}' is not an address or network such as 192.0.2.10 or 192.0.2.0/24");
        return network.BaseAddress.IsIPv4MappedToIPv6 && network.PrefixLength >= 96
            ? new(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96)
            : network;
    }

    private static EntryPort Port(Node node) => new(
        (node.Find("number") ?? throw node.Fault("has no 'number'")).PortOf(),
        node.TextOf("name"),
        node.MemberOf(
            "protocol",
            EntryProtocol.Auto,
            ("HTTP", EntryProtocol.Http),
            ("HTTP2", EntryProtocol.Http2),
            ("GRPC", EntryProtocol.Grpc),
            ("GRPC-WEB", EntryProtocol.GrpcWeb),
            ("HTTPS", EntryProtocol.Https),
            ("TLS", EntryProtocol.Tls),
            ("TCP", EntryProtocol.Tcp),
            ("MONGO", EntryProtocol.Mongo),
            ("MYSQL", EntryProtocol.Mysql),
            ("REDIS", EntryProtocol.Redis),
            ("UDP", EntryProtocol.Udp),
            ("", EntryProtocol.Auto)),
        node.Find("targetPort")?.PortOf(0) is int target and > 0 ? target : null);

    private enum Location
    {
        External,
        Internal,
    }
}
