using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Decides from a series' labels whether it counts traffic that left the mesh, and by which route.</summary>
internal sealed class Classifier(TelemetryOptions options)
{
    private const string PassthroughCluster = "PassthroughCluster";
    private const string BlackHoleCluster = "BlackHoleCluster";

    private readonly string _serviceSuffix = ".svc." + options.ClusterDomain;
    private readonly HashSet<string> _gateways = Gateways(options);

    public Classified Classify(RawMetric raw, IReadOnlyDictionary<string, string> labels)
    {
        string Label(string name) => labels.TryGetValue(name, out var value) && !Endpoints.IsMissing(value) ? value : "";

        string First(IReadOnlyList<string> names) => names.Select(Label).FirstOrDefault(value => value.Length > 0) ?? "";

        var job = labels.GetValueOrDefault("job", "");
        var reporter = Label("reporter");
        var service = Label("destination_service");
        var name = Label("destination_service_name");
        var workload = Label("destination_workload");

        // Inbound proxies report the same cluster names for traffic that enters a pod (istio/istio#45117).
        if (reporter == "destination") return Classified.Out(raw, "reporter_destination", job);
        if (name.StartsWith("InboundPassthroughCluster", StringComparison.Ordinal)) return Classified.Out(raw, "inbound", job);

        var hasAddress = Endpoints.TryAddress(First(options.DestinationIp), out var address, out var port);
        var portLabel = LabelText.Port(First(options.DestinationPort));
        if (portLabel.Length > 0) port = portLabel;

        Route route;
        string registered = "", claimed = "";
        if (name == BlackHoleCluster || service == BlackHoleCluster)
        {
            route = Route.Blocked;
            claimed = service == BlackHoleCluster ? "" : service;
        }
        else if (name == PassthroughCluster)
        {
            // Traffic between pods by address goes through PassthroughCluster too (istio/istio#35726).
            if (workload.Length > 0) return Classified.Out(raw, "in_mesh", job);
            route = Route.Passthrough;
            claimed = service == PassthroughCluster ? "" : service;
        }
        else if (IsGateway(service) || IsGateway(name, labels))
        {
            route = Route.Gateway;
            registered = service.Length > 0 ? service : name;
        }
        else if (workload.Length > 0 || IsInCluster(service) || IsInCluster(name))
        {
            return Classified.Out(raw, "in_mesh", job);
        }
        else if (service.Length == 0 && name.Length == 0)
        {
            route = Route.Unidentified;
        }
        else
        {
            var host = service.Length > 0 ? service : name;
            // Without a cluster Envoy answers 404 itself: nothing left the pod.
            if (Label("response_flags").Split(',').Contains("NR")) return Classified.Out(raw, "no_route", job);
            if (Endpoints.TryAddress(host, out _, out _))
            {
                route = Route.Passthrough;
                claimed = host;
            }
            else
            {
                route = Route.Registered;
                registered = host;
            }
        }

        if (claimed.Length == 0) claimed = First(options.Host);
        if (Endpoints.TryAddress(claimed, out var literal, out var literalPort))
        {
            if (!hasAddress) (address, hasAddress) = (literal, true);
            if (port.Length == 0) port = literalPort;
            claimed = "";
        }

        var (claimedHost, claimedPort) = Endpoints.Split(claimed);
        var (registeredHost, registeredPort) = Endpoints.Split(registered);
        if (port.Length == 0) port = LabelText.Port(registeredPort.Length > 0 ? registeredPort : claimedPort);
        if (hasAddress && route != Route.Blocked && options.ClusterNetworks.Any(network => network.Contains(address))) return Classified.Out(raw, "cluster_network", job);
        if (IsInCluster(claimedHost) && route != Route.Blocked) return Classified.Out(raw, "in_mesh", job);

        var to = new RawDestination(hasAddress ? address : null, port, Clean(registeredHost), Clean(claimedHost), Clean(First(options.Sni)));
        var source = new Workload(Source(Label("source_workload_namespace")), Source(Label("source_workload")));
        return new Classified(
            raw.Metric,
            new Flow(source, to, route, Protocol(raw, Label("request_protocol"))),
            raw.Metric == Metric.Requests ? LabelText.Code(Label("response_code")) : "",
            raw.Metric is Metric.Requests or Metric.ConnectionsClosed ? LabelText.Flags(labels.GetValueOrDefault("response_flags", "")) : "",
            "",
            job);
    }

    private static string Clean(string host) => host.Length == 0 ? "" : LabelText.Host(host);

    private static string Source(string name) => name.Length == 0 ? Words.Unknown : LabelText.WorkloadName(name);

    private static Protocol Protocol(RawMetric raw, string word) => word switch
    {
        "grpc" => Model.Protocol.Grpc,
        "http" => Model.Protocol.Http,
        _ when raw.Tcp => Model.Protocol.Tcp,
        _ => Model.Protocol.Http,
    };

    private bool IsInCluster(string host) =>
        host.EndsWith(_serviceSuffix, StringComparison.OrdinalIgnoreCase) || host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase);

    private bool IsGateway(string service) => _gateways.Contains(service);

    /// <summary>Mixer names the gateway's service without its domain, and its namespace beside it.</summary>
    private bool IsGateway(string name, IReadOnlyDictionary<string, string> labels) =>
        _gateways.Contains(name) || (labels.TryGetValue("destination_service_namespace", out var ns) && _gateways.Contains($"{name}.{ns}{_serviceSuffix}"));

    private static HashSet<string> Gateways(TelemetryOptions options) =>
        [.. options.EgressGateways.Select(gateway => gateway.Split('/')).Select(parts => $"{parts[1]}.{parts[0]}.svc.{options.ClusterDomain}")];
}
