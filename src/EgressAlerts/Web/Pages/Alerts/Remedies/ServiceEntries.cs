using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Web;

/// <summary>Writes the ServiceEntry that registers a destination.</summary>
/// <remarks><c>exportTo</c> stands only where the sidecars of the workload's namespace alone need the entry.</remarks>
internal static class ServiceEntries
{
    /// <summary>Null where the alert tells neither host nor address.</summary>
    public static Remedy? Of(RemedyFacts facts)
    {
        if (facts.Host.Length > 0 && facts.AlertName == "EgressNameMismatch" && facts.Address is not null) return ByAddress(facts, "", Port(facts));
        if (facts.Host.Length > 0)
        {
            return new(
                "Register the host",
                (facts.Confirmed
                    ? "The mesh then lets this host through and vouches for its name."
                    : "The client claims this name, and nobody confirms it. Make sure that it is the host that you mean. "
                        + "The mesh then resolves the host itself, and sends the traffic where DNS says.") + WhoSees(facts),
                Entry(facts, facts.Host, Port(facts), "  resolution: DNS\n"));
        }

        return facts.Address is null ? null : ByAddress(facts, "The mesh then lets traffic to this address and port through. "
            + "If you know the host name that the application uses, write it instead, with TLS for port 443 and resolution: DNS. ", Tcp(facts));
    }

    private static Remedy ByAddress(RemedyFacts facts, string more, string port) => new(
        "Register the address",
        more + "Addresses of a cloud may belong to somebody else tomorrow." + WhoSees(facts),
        Entry(facts, facts.AnyHost, port, $"  addresses: {List(facts.Cidr)}\n  resolution: STATIC\n  endpoints: [{{address: {Value($"{facts.Address}")}}}]\n"));

    private static string Entry(RemedyFacts facts, string host, string port, string resolution) =>
        $$$"""
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: {{{Value(Slug(host))}}}, namespace: {{{Value(facts.Source.Namespace)}}}}
        spec:
          hosts: {{{List(host)}}}
          location: MESH_EXTERNAL
          ports: [{{{port}}}]
        {{{resolution}}}{{{(facts.IsAmbient || facts.IsGateway ? "" : "  exportTo: [\".\"]\n")}}}
        """;

    /// <summary>Why the entry has no <c>exportTo</c>.</summary>
    private static string WhoSees(RemedyFacts facts) =>
        facts.IsAmbient ? " In ambient mode exportTo decides nothing, so every namespace may use the entry. Write it where your waypoint for egress is, and "
            + "say in an AuthorizationPolicy who may use it."
        : facts.IsGateway ? " The entry has no exportTo, because both the gateway and the sidecars of the workloads behind it have to see it."
        : "";

    /// <summary>An entry with another port or protocol than the one that is used changes nothing.</summary>
    private static string Port(RemedyFacts facts) => (facts.Port, facts.Protocol) switch
    {
        ("", "tcp") => "{number: 443, name: tls, protocol: TLS}",
        ("", _) => "{number: 80, name: http, protocol: HTTP}",
        (var port, "http") => $"{{number: {port}, name: http, protocol: HTTP}}",
        (var port, "grpc") => $"{{number: {port}, name: grpc, protocol: GRPC}}",
        (var port, _) when port == "443" || facts.NameSource is Model.NameSource.Sni => $"{{number: {port}, name: tls, protocol: TLS}}",
        ("80", _) => "{number: 80, name: http, protocol: HTTP}",
        _ => Tcp(facts),
    };

    private static string Tcp(RemedyFacts facts) => $"{{number: {(facts.Port.Length > 0 ? facts.Port : "443")}, name: tcp, protocol: TCP}}";
}
