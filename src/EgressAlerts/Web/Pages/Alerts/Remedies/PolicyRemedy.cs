using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Web;

/// <summary>Writes the AuthorizationPolicy that lets a namespace use what a ServiceEntry registers already.</summary>
internal static class PolicyRemedy
{
    /// <param name="facts">Of an alert whose destination is the host of a ServiceEntry.</param>
    public static Remedy Of(RemedyFacts facts)
    {
        var to = facts.Port.Length > 0 ? $"\n      to: [{{operation: {{ports: [\"{facts.Port}\"]}}}}]" : "";
        return new(
            "Allow it at the waypoint",
            "A ServiceEntry registers this host, so it was an AuthorizationPolicy that refused. The label response_code_details of Istio's series names a DENY "
                + "policy; change that one, because DENY wins. Otherwise no ALLOW policy matched, and this one does. For an egress gateway, write its selector "
                + "in place of targetRefs.",
            $$$"""
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: {{{Value(Slug(facts.Source.Namespace, "may", facts.Destination))}}}, namespace: istio-egress}   # that of the ServiceEntry
            spec:
              targetRefs: [{group: networking.istio.io, kind: ServiceEntry, name: {{{Value(Slug(facts.Destination))}}}}]   # its name
              action: ALLOW
              rules:
                - from: [{source: {namespaces: {{{List(facts.Source.Namespace)}}}}}]{{{to}}}

            """);
    }
}
