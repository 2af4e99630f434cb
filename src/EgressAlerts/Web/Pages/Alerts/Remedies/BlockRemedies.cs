using System.Net.Sockets;
using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Web;

/// <summary>What to do where the traffic of an alert is to stop, the narrowest way first. Each says plainly what it cuts.</summary>
internal static class BlockRemedies
{
    private const string Selector = "   # as its pods are labelled";

    public static IReadOnlyList<Remedy> Of(RemedyFacts facts)
    {
        if (!facts.HasWorkload) return [];
        var remedies = new List<Remedy>();
        if (facts.Address is not null) remedies.Add(Address(facts));
        if (facts.Host.Length > 0) remedies.Add(Host(facts));
        if (facts.NameSource != Model.NameSource.Registry && facts.AlertName != "EgressBlocked") remedies.Add(Unregistered(facts));
        remedies.Add(Everything(facts));
        return remedies;
    }

    private static Remedy Address(RemedyFacts facts)
    {
        var (own, other) = facts.Address!.AddressFamily == AddressFamily.InterNetwork ? ("0.0.0.0/0", "::/0") : ("::/0", "0.0.0.0/0");
        return new(
            "Cut off the address",
            "These pods then reach the pods of the cluster and every address but this one, on all ports. Other NetworkPolicies that select them "
                + "add up, so one of those may still let it through. It depends on your network plugin whether open connections are cut.",
            $$$"""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: {name: {{{Value(Slug("no", $"{facts.Address}", facts.Source.Name))}}}, namespace: {{{Value(facts.Source.Namespace)}}}}
            spec:
              podSelector: {matchLabels: {app: {{{Value(facts.Source.Name)}}}}}{{{Selector}}}
              policyTypes: [Egress]
              egress:
                - to:
                    - ipBlock: {cidr: {{{Value(own)}}}, except: {{{List(facts.Cidr)}}}}
                    - ipBlock: {cidr: {{{Value(other)}}}}
                    - namespaceSelector: {}   # some plugins do not match pods by their addresses

            """);
    }

    /// <summary>HTTP tells its host to the proxy. Of TLS the proxy sees the server name.</summary>
    private static Remedy Host(RemedyFacts facts)
    {
        var port = facts.Port.Length > 0 ? $", ports: [\"{facts.Port}\"]" : "";
        string[] hosts = facts.Port.Length > 0 ? [facts.Host, $"{facts.Host}:{facts.Port}"] : [facts.Host];
        var to = facts.IsHttp
            ? $"      to: [{{operation: {{hosts: {List(hosts)}{port}}}}}]\n"
            : (port.Length > 0 ? $"      to: [{{operation: {{{port[2..]}}}}}]\n" : "") + $"      when: [{{key: connection.sni, values: {List(facts.Host)}}}]\n";
        return new(
            "Refuse the host at an egress gateway or waypoint",
            "It refuses this host to the whole namespace, and cuts nothing that goes around the gateway. For a waypoint, write its label into the selector. "
                + "The gateway knows the namespace only by mTLS.",
            $$$"""
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: {{{Value(Slug("no", facts.Host))}}}, namespace: istio-system}
            spec:
              selector: {matchLabels: {istio: egressgateway}}
              action: DENY
              rules:
                - from: [{source: {namespaces: {{{List(facts.Source.Namespace)}}}}}]
            {{{to}}}
            """);
    }

    private static Remedy Unregistered(RemedyFacts facts) => new(
        "Let it out to registered hosts only",
        "The proxy of this workload then refuses every host that no ServiceEntry registers, not only this one. It holds for sidecars, not in ambient mode, "
            + "and a pod can go around its proxy.",
        $$$"""
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata: {name: {{{Value(Slug(facts.Source.Name))}}}, namespace: {{{Value(facts.Source.Namespace)}}}}
        spec:
          workloadSelector: {labels: {app: {{{Value(facts.Source.Name)}}}}}{{{Selector}}}
          outboundTrafficPolicy: {mode: REGISTRY_ONLY}

        """);

    private static Remedy Everything(RemedyFacts facts) => new(
        "Cut the workload off",
        "Nothing goes out any more, DNS and the mesh included. Do not restart the pod before you have looked into it.",
        $$$"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: {{{Value(Slug("cut-off", facts.Source.Name))}}}, namespace: {{{Value(facts.Source.Namespace)}}}}
        spec:
          podSelector: {matchLabels: {app: {{{Value(facts.Source.Name)}}}}}{{{Selector}}}
          policyTypes: [Egress]   # and no egress rule: nothing goes out

        """);
}
