using System.Globalization;
using System.Text;

namespace EgressAlerts.MeshSimulator;

/// <summary>Writes series names with the complete label sets that Istio's proxies give them.</summary>
internal static class LabelSets
{
    private const string Unknown = "unknown";

    public static string Of(Pod pod, string metric, Target target, bool tcp, string protocol, string code, string flags) => pod.Dialect switch
    {
        Dialect.Mixer => Mixer(pod, metric, target, tcp, protocol, code, flags),
        Dialect.Ztunnel => Ztunnel(pod, metric, flags),
        Dialect.Mangled => TelemetryV2(pod, "envoy_request_host_api_example_com_" + metric, target, tcp, protocol, code, flags),
        _ => TelemetryV2(pod, metric, target, tcp, protocol, code, flags),
    };

    private static string TelemetryV2(Pod pod, string metric, Target target, bool tcp, string protocol, string code, string flags)
    {
        var (service, name, ns) = Destination(target, tcp);
        var workload = target.Way == Way.InMesh ? target.Host : Unknown;
        var address = target.Address.Length == 0 || (target.Way == Way.Blocked && !tcp) ? Unknown : $"{Bracketed(target.Address)}:{target.Port}";
        return Write(
            metric,
            [
                ("reporter", "source"), ("source_workload", pod.Workload), ("source_canonical_service", pod.Workload), ("source_canonical_revision", "latest"),
                ("source_workload_namespace", pod.Namespace), ("source_principal", Unknown), ("source_app", pod.Workload), ("source_version", Unknown),
                ("source_cluster", pod.Cluster), ("destination_workload", workload),
                ("destination_workload_namespace", workload == Unknown ? Unknown : pod.Namespace),
                ("destination_principal", Unknown), ("destination_app", Unknown), ("destination_version", Unknown), ("destination_service", service),
                ("destination_canonical_service", Unknown), ("destination_canonical_revision", "latest"), ("destination_service_name", name),
                ("destination_service_namespace", ns), ("destination_cluster", Unknown), ("request_protocol", protocol),
                .. tcp ? ((string, string)[])[] : [("response_code", code), ("grpc_response_status", "")],
                ("response_flags", flags), ("connection_security_policy", Unknown),
                .. pod.Dialect == Dialect.Plain
                    ? ((string, string)[])[]
                    : [("destination_ip", address), ("destination_port", target.Port > 0 ? target.Port.ToString(CultureInfo.InvariantCulture) : Unknown)],
                .. target.Path.Length > 0 ? [("request_path", target.Path)] : ((string, string)[])[],
                .. target.Refusal.Length > 0
                    ? [(tcp ? "connection_termination_details" : "response_code_details", target.Refusal)]
                    : ((string, string)[])[],
                ("instance", pod.Instance + ":15090"), ("namespace", pod.Namespace), ("pod", pod.Name),
            ]);
    }

    private static string Mixer(Pod pod, string metric, Target target, bool tcp, string protocol, string code, string flags)
    {
        var (service, name, _) = Destination(target, tcp);
        return Write(
            metric,
            [
                ("connection_security_policy", Unknown), ("destination_app", Unknown), ("destination_principal", Unknown), ("destination_service", service),
                ("destination_service_name", name), ("destination_service_namespace", Unknown), ("destination_version", Unknown),
                ("destination_workload", Unknown), ("destination_workload_namespace", Unknown), ("instance", pod.Instance + ":42422"),
                .. tcp
                    ? ((string, string)[])[("destination_ip", target.Address)]
                    : [("permissive_response_code", "none"), ("permissive_response_policyid", "none"), ("request_protocol", protocol), ("response_code", code)],
                ("reporter", "source"), ("response_flags", flags), ("source_app", pod.Workload), ("source_principal", Unknown), ("source_version", Unknown),
                ("source_workload", pod.Workload), ("source_workload_namespace", pod.Namespace),
            ]);
    }

    private static string Ztunnel(Pod pod, string metric, string flags) => Write(
        metric,
        [
            ("app", "ztunnel"), ("connection_security_policy", Unknown), ("destination_app", Unknown), ("destination_canonical_revision", Unknown),
            ("destination_canonical_service", Unknown), ("destination_cluster", Unknown), ("destination_principal", Unknown), ("destination_service", Unknown),
            ("destination_service_name", Unknown), ("destination_service_namespace", Unknown), ("destination_version", Unknown),
            ("destination_workload", Unknown),
            ("destination_workload_namespace", Unknown), ("instance", pod.Instance + ":15020"), ("namespace", "istio-system"), ("pod", "ztunnel-" + pod.Name),
            ("reporter", "source"), ("request_protocol", "tcp"), ("response_flags", flags), ("source_app", pod.Workload),
            ("source_canonical_revision", "latest"), ("source_canonical_service", pod.Workload), ("source_cluster", pod.Cluster),
            ("source_principal", $"spiffe://cluster.local/ns/{pod.Namespace}/sa/{pod.Workload}"),
            ("source_version", "latest"), ("source_workload", pod.Workload), ("source_workload_namespace", pod.Namespace),
        ]);

    private static (string Service, string Name, string Namespace) Destination(Target target, bool tcp) => target.Way switch
    {
        Way.Passthrough => (tcp || target.Host.Length == 0 ? Unknown : target.Host, "PassthroughCluster", Unknown),
        Way.Blocked => (tcp || target.Host.Length == 0 ? Unknown : target.Host, "BlackHoleCluster", Unknown),
        Way.Gateway => ("istio-egressgateway.istio-system.svc.cluster.local", "istio-egressgateway", "istio-system"),
        Way.InMesh => ($"{target.Host}.shop.svc.cluster.local", target.Host, "shop"),
        Way.DynamicDns => (target.Host, target.Host, Unknown),
        _ => (target.Host, target.Host, "default"),
    };

    private static string Bracketed(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;

    private static string Write(string metric, IReadOnlyList<(string Name, string Value)> labels)
    {
        var text = new StringBuilder(metric).Append('{');
        for (var i = 0; i < labels.Count; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(labels[i].Name).Append("=\"").Append(labels[i].Value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append('"');
        }

        return text.Append('}').ToString();
    }
}
