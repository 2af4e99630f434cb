using System.Net;

namespace EgressAlerts.Registry;

/// <summary>A ServiceEntry: hosts that a mesh registers. Immutable.</summary>
/// <param name="Hosts">In lower case. A wildcard begins with <c>*</c>.</param>
/// <param name="Addresses">An address without a prefix is a network of one address.</param>
/// <param name="ExportTo">The namespaces that see the entry: names, <c>.</c>, <c>*</c> or <c>~</c>. Empty stands for all.</param>
/// <param name="IsExternal">False for <c>location: MESH_INTERNAL</c>.</param>
/// <param name="Created">Null where the resource does not tell it, as in a file that nobody has applied yet.</param>
public sealed record ServiceEntry(
    ResourceName Name,
    IReadOnlyList<string> Hosts,
    IReadOnlyList<IPNetwork> Addresses,
    IReadOnlyList<EntryPort> Ports,
    Resolution Resolution,
    IReadOnlyList<string> ExportTo,
    bool IsExternal = true,
    DateTimeOffset? Created = null)
{
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the entry itself is visible to sidecars of a namespace. A Sidecar may still leave it out. Ambient mode ignores this.</summary>
    public bool IsExportedTo(string ns) =>
        ExportTo.Count == 0 || ExportTo.Any(to => to == "*" || to == ns || (to == "." && ns == Name.Namespace));
}

/// <summary>A port of a ServiceEntry.</summary>
/// <param name="TargetPort">The port at the endpoint. Null where it is <paramref name="Number"/>.</param>
public sealed record EntryPort(int Number, string Name, EntryProtocol Protocol, int? TargetPort = null)
{
    /// <summary>The protocol as Istio spells it.</summary>
    public string Spelling => Protocol == EntryProtocol.GrpcWeb ? "GRPC-WEB" : Protocol.ToString().ToUpperInvariant();

    /// <summary>Whether the proxy takes connections by their address and port alone.</summary>
    public bool IsRaw => Protocol is EntryProtocol.Tcp or EntryProtocol.Mongo or EntryProtocol.Mysql or EntryProtocol.Redis or EntryProtocol.Auto;

    /// <summary>Whether the proxy takes requests by their Host header.</summary>
    public bool IsHttp =>
        Protocol is EntryProtocol.Http or EntryProtocol.Http2 or EntryProtocol.Grpc or EntryProtocol.GrpcWeb or EntryProtocol.Auto;

    /// <summary>Whether the proxy takes connections by their TLS server name.</summary>
    public bool IsTls => Protocol is EntryProtocol.Https or EntryProtocol.Tls;
}

/// <summary>What Istio calls the protocol of a port.</summary>
public enum EntryProtocol
{
    Http,
    Http2,
    Grpc,
    GrpcWeb,
    Https,
    Tls,
    Tcp,
    Mongo,
    Mysql,
    Redis,

    /// <summary>The proxy does not carry it.</summary>
    Udp,

    /// <summary>The entry names no protocol. The proxy tells HTTP from other protocols by looking at the first bytes.</summary>
    Auto,
}

/// <summary>How the proxy finds the addresses of a ServiceEntry.</summary>
public enum Resolution
{
    None,
    Static,
    Dns,
    DnsRoundRobin,
    DynamicDns,
}
