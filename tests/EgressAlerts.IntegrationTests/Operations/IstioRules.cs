using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What istiod's webhook refuses although the schema of the resource allows it (ValidateServiceEntry in pkg/config/validation of Istio 1.31), and what
/// Kubernetes asks of names.</summary>
internal static partial class IstioRules
{
    /// <summary>What is wrong with a set of resources that are applied together; empty where nothing is.</summary>
    public static IReadOnlyList<string> Faults(IReadOnlyList<JsonNode> resources) =>
    [
        .. resources.GroupBy(resource => $"{resource["kind"]} {resource["metadata"]!["namespace"]}/{resource["metadata"]!["name"]}")
            .Where(same => same.Count() > 1).Select(same => $"{same.Key} is there {same.Count()} times"),
        .. resources.Select(resource => (string)resource["metadata"]!["name"]!).Where(name => !Label().IsMatch(name)).Select(name => $"{name} is no name"),
        .. resources.Where(resource => (string)resource["kind"]! == "ServiceEntry").SelectMany(entry => EntryFaults(entry["spec"]!)),
    ];

    private static IEnumerable<string> EntryFaults(JsonNode spec)
    {
        var (hosts, addresses, endpoints) = (Texts(spec, "hosts"), Texts(spec, "addresses"), spec["endpoints"]?.AsArray().Count ?? 0);
        var ports = spec["ports"]!.AsArray()
            .Select(port => (Name: (string)port!["name"]!, Number: (int)port["number"]!, Protocol: (string)port["protocol"]!)).ToList();
        var resolution = (string)spec["resolution"]!;
        if (hosts.Count is 0 or > 256) yield return "no host, or too many";
        foreach (var host in hosts.Where(host => host == "*" || !Domain().IsMatch(host))) yield return $"{host} is no host";
        if (ports.DistinctBy(port => port.Name).Count() < ports.Count) yield return "a port name twice";
        if (ports.DistinctBy(port => port.Number).Count() < ports.Count) yield return "a port twice";
        foreach (var port in ports.Where(port => !Label().IsMatch(port.Name) || port.Name.Length > 63)) yield return $"{port.Name} is no port name";
        if (addresses.Any(address => address.Contains('/', StringComparison.Ordinal)) && resolution is not ("NONE" or "STATIC")) yield return "a CIDR with DNS";
        if (resolution == "NONE" && endpoints > 0) yield return "endpoints with NONE";
        if (resolution == "STATIC" && endpoints == 0) yield return "STATIC without endpoints";
        if (resolution == "DNS" && hosts.Any(host => host.StartsWith('*'))) yield return "a wildcard with DNS";
        var isDynamic = resolution == "DYNAMIC_DNS";
        if (isDynamic && (hosts.Any(host => !host.StartsWith('*')) || addresses.Count + endpoints > 0)) yield return "DYNAMIC_DNS is for wildcards alone";
        if (isDynamic && ports.Any(port => port.Protocol is not ("HTTP" or "TLS" or "GRPC" or "HTTP2"))) yield return "DYNAMIC_DNS with another protocol";
        if (resolution != "NONE" && hosts.Count > 1 && ports.Any(port => port.Protocol == "TCP")) yield return "several hosts with TCP";

        // This one the webhook only warns of, and users ran into it (istio/istio#11741, istio/istio#58696).
        if (addresses.Count == 0 && ports.Any(port => port.Protocol == "TCP")) yield return "TCP without addresses";
        if (ports.Any(port => port is { Number: 443, Protocol: "TCP" })) yield return "TCP on port 443";
    }

    private static IReadOnlyList<string> Texts(JsonNode spec, string name) => [.. spec[name]?.AsArray().Select(text => (string)text!) ?? []];

    [GeneratedRegex(@"^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\z")]
    private static partial Regex Domain();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex Label();
}
