using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Decides from a series' labels whether it counts traffic that left the mesh, and by which route.</summary>
internal sealed class Classifier
{
    private const string PassthroughCluster = "PassthroughCluster";
    private const string DynamicDnsCluster = "AllowAnyDynamicDNSCluster";
    private const string BlackHoleCluster = "BlackHoleCluster";

    private readonly TelemetryOptions _options;
    private readonly HostRegister _hosts;
    private readonly string _serviceSuffix;
    private readonly HashSet<string> _gatewayServices;
    private readonly HashSet<string> _gatewayWorkloads;

    public Classifier(TelemetryOptions options, HostRegister hosts)
    {
        (_options, _hosts, _serviceSuffix) = (options, hosts, ".svc." + options.ClusterDomain);
        _gatewayWorkloads = [.. options.EgressGateways];
        _gatewayServices = [.. options.EgressGateways.Select(gateway => gateway.Split('/')).Select(parts => $"{parts[1]}.{parts[0]}{_serviceSuffix}")];
    }

    public SeriesMeaning Classify(RawMetric raw, IReadOnlyDictionary<string, string> labels)
    {
        string Label(string name) => labels.TryGetValue(name, out var value) && !AddressText.IsMissing(value) ? value : "";

        string First(IReadOnlyList<string> names) => names.Select(Label).FirstOrDefault(value => value.Length > 0) ?? "";

        var job = labels.GetValueOrDefault("job", "");
        var reporter = Label("reporter");
        var service = Label("destination_service");
        var name = Label("destination_service_name");
        var ns = Label("destination_service_namespace");
        var workload = Label("destination_workload");

        // Inbound proxies report the same cluster names for traffic that enters a pod (istio/istio#45117).
        if (reporter == "destination") return SeriesMeaning.LeftOut(raw, "reporter_destination", job);
        if (name.StartsWith("InboundPassthroughCluster", StringComparison.Ordinal)) return SeriesMeaning.LeftOut(raw, "inbound", job);

        var (ipLabel, portLabel) = (First(_options.DestinationIp), LabelText.Port(First(_options.DestinationPort)));
        var (sni, hostLabel) = (First(_options.Sni), First(_options.Host));
        var present = (AddressText.TryAddress(ipLabel, out var address, out var port) ? Dimensions.DestinationIp : 0)
            | (portLabel.Length > 0 ? Dimensions.DestinationPort : 0) | (sni.Length > 0 ? Dimensions.Sni : 0)
            | (hostLabel.Length > 0 ? Dimensions.Host : 0) | (First(_options.Path).Length > 0 ? Dimensions.Path : 0);
        var hasAddress = present.HasFlag(Dimensions.DestinationIp);
        if (portLabel.Length > 0) port = portLabel;

        Route route;
        string registered = "", claimed = "";
        if (name == BlackHoleCluster || service == BlackHoleCluster)
        {
            route = Route.Blocked;
            claimed = service == BlackHoleCluster ? "" : service;
        }
        else if (name is PassthroughCluster or DynamicDnsCluster)
        {
            // Traffic between pods by address goes through PassthroughCluster too (istio/istio#35726).
            if (workload.Length > 0) return SeriesMeaning.LeftOut(raw, "in_mesh", job);
            route = Route.Passthrough;
            claimed = service == name ? "" : service;
        }
        else if (IsGateway(service, name, ns, workload, Label("destination_workload_namespace")))
        {
            route = Route.Gateway;
            registered = service.Length > 0 ? service : name;
        }
        else if (IsKubeApi(service) || IsKubeApi(name))
        {
            return SeriesMeaning.LeftOut(raw, "kube_api", job);
        }
        else if (workload.Length > 0 || IsInCluster(service) || IsInCluster(name))
        {
            // Also ambient's hop to a waypoint, which reports the same traffic on from there.
            return SeriesMeaning.LeftOut(raw, "in_mesh", job);
        }
        else if (service.Length == 0 && name.Length == 0)
        {
            route = Route.Unidentified;
        }
        else
        {
            var host = service.Length > 0 ? service : name;
            // Without a cluster Envoy answers 404 itself: nothing left the pod.
            if (Label("response_flags").Split(',').Contains("NR")) return SeriesMeaning.LeftOut(raw, "no_route", job);
            if (AddressText.TryAddress(host, out _, out _) || IsDynamic(host))
            {
                route = Route.Passthrough;
                claimed = host;
            }
            else
            {
                route = Route.Registered;
                registered = host;
                // Mixer gave every service a namespace, registered or not; it did not know canonical services.
                if (ns.Length > 0 && labels.ContainsKey("destination_canonical_service")) _hosts.Saw(host);
            }
        }

        if (claimed.Length == 0) claimed = hostLabel;
        if (AddressText.TryAddress(claimed, out var literal, out var literalPort))
        {
            if (!hasAddress) (address, hasAddress) = (literal, true);
            if (port.Length == 0) port = literalPort;
            claimed = "";
        }

        var (claimedHost, claimedPort) = AddressText.Split(claimed);
        var (registeredHost, registeredPort) = AddressText.Split(registered);
        if (port.Length == 0) port = LabelText.Port(registeredPort.Length > 0 ? registeredPort : claimedPort);
        var isClusterAddress = hasAddress && _options.ClusterNetworks.Any(network => network.Contains(address));
        if (isClusterAddress && route is (Route.Passthrough or Route.Unidentified)) return SeriesMeaning.LeftOut(raw, "cluster_network", job);
        // Anyone can write such a Host header. It is not believed where the address shows that the traffic went elsewhere.
        var isElsewhere = hasAddress && (_options.ClusterNetworks.Count > 0 || !AddressText.IsPrivate(address));
        if (route == Route.Passthrough && !isElsewhere && (IsInCluster(claimedHost) || IsKubeApi(claimedHost)))
            return SeriesMeaning.LeftOut(raw, "claimed_in_mesh", job);

        var to = new RawDestination(hasAddress ? address : null, port, Clean(registeredHost), Clean(claimedHost), Clean(sni));
        var source = new Workload(Source(Label("source_workload_namespace")), Source(Label("source_workload")));
        var flow = new Flow(source, to, route, Protocol(raw, Label("request_protocol")));
        var code = raw.Metric == Metric.Requests ? LabelText.Code(Label("response_code")) : "";
        var flags = raw.Metric is Metric.Requests or Metric.ConnectionsClosed ? LabelText.Flags(labels.GetValueOrDefault("response_flags", "")) : "";
        return new SeriesMeaning(raw, new CounterId(flow, raw.Metric, code, flags, Tags(labels, First(_options.Path))), "", job, present);

        // AllowAnyDynamicDNSCluster leaves no mark. Service and name are the Host header as the client sent it, and nothing else is known.
        bool IsDynamic(string host) => reporter != "waypoint" && !raw.Tcp && Label("request_protocol") is "http" or "grpc"
            && service == name && ns.Length == 0 && Label("destination_cluster").Length == 0 && Label("destination_workload_namespace").Length == 0
            && _hosts.IsUnregistered(host);
    }

    private PolicyTags Tags(IReadOnlyDictionary<string, string> labels, string path)
    {
        if (_options.AskedLabels.Count == 0 && _options.AskedPaths.Count == 0) return default;
        var plain = RequestPath.Plain(path);
        return PolicyTags.Of(
        [
            .. _options.AskedLabels.Where(asked => labels.GetValueOrDefault(asked.Name, "") == asked.Value),
            .. _options.AskedPaths.Where(prefix => plain.StartsWith(prefix, StringComparison.Ordinal)).Select(prefix => (PolicyTags.Path, prefix)),
        ]);
    }

    private static string Clean(string host) => host.Length == 0 ? "" : LabelText.Host(host);

    private static string Source(string name) => name.Length == 0 ? LabelValues.Unknown : LabelText.WorkloadName(name);

    private static Protocol Protocol(RawMetric raw, string word) => word switch
    {
        "grpc" => Model.Protocol.Grpc,
        "http" => Model.Protocol.Http,
        _ when raw.Tcp => Model.Protocol.Tcp,
        _ => Model.Protocol.Http,
    };

    private bool IsInCluster(string host)
    {
        host = host.TrimEnd('.');
        return host.EndsWith(_serviceSuffix, StringComparison.OrdinalIgnoreCase) || host.EndsWith(".svc", StringComparison.OrdinalIgnoreCase);
    }

    private bool IsKubeApi(string host) => host.ToLowerInvariant() is "kubernetes" or "kubernetes.default" or "kubernetes.default.svc"
        || host.Equals("kubernetes.default" + _serviceSuffix, StringComparison.OrdinalIgnoreCase);

    /// <summary>Some versions of Istio give the full name of the gateway's service. Mixer leaves out the domain and gives the namespace in another label. Most
    /// versions know the workload.</summary>
    private bool IsGateway(string service, string name, string ns, string workload, string workloadNamespace) =>
        _gatewayServices.Contains(service) || _gatewayServices.Contains(name) || _gatewayServices.Contains($"{name}.{ns}{_serviceSuffix}")
        || _gatewayWorkloads.Contains($"{workloadNamespace}/{workload}");
}
