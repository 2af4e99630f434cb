using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Reads a Sidecar.</summary>
internal static class SidecarReader
{
    public static Sidecar Read(Node resource, ResourceName name)
    {
        // A Sidecar may have an empty spec, which knows everything.
        var spec = resource.Find("spec") ?? new Node(resource.Line, "spec") { Keys = new Dictionary<string, Node>() };
        return new(
            name,
            spec.Find("workloadSelector") is { } selector ? selector.LabelsOf("labels") ?? new Dictionary<string, string>() : null,
            [.. spec.ListOf("egress").Select(Listener)],
            // REGISTRY_ONLY is the enumeration's first member, so it is what Istio takes an empty policy for.
            spec.Find("outboundTrafficPolicy")?.MemberOf(
                "mode", OutboundMode.RegistryOnly, ("REGISTRY_ONLY", OutboundMode.RegistryOnly), ("ALLOW_ANY", OutboundMode.AllowAny)),
            Metadata.Created(resource));
    }

    private static EgressListener Listener(Node node)
    {
        var port = node.Find("port");
        return new(
            port is null ? null : port.Find("number")?.PortOf(0) ?? 0,
            node.TextOf("bind"),
            [.. node.ListOf("hosts").Select(Host)],
            string.Equals(port?.TextOf("protocol"), "HTTP_PROXY", StringComparison.OrdinalIgnoreCase));
    }

    private static string Host(Node node)
    {
        var text = node.Text ?? "";
        return text.Split('/') is [var ns, var host] && IsNamespace(ns) && (host == "*" || LabelText.Host(host) != LabelValues.Invalid)
            ? $"{ns}/{host.TrimEnd('.').ToLowerInvariant()}"
            : throw node.Fault($"'{QuotedText.Of(text, 80)}' is not namespace/host such as ./*, */*.example.com or istio-system/*");
    }

    private static bool IsNamespace(string text)
    {
        var name = text.StartsWith('~') ? text[1..] : text;
        return (text == "~") || name is "*" or "." || (name.Length > 0 && LabelText.WorkloadName(name) != LabelValues.Invalid);
    }
}
