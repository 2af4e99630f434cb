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
        var series = new SeriesLabels(labels, _options);
        var exit = ExitOf(raw, series);
        if (exit.LeftOut.Length > 0) return SeriesMeaning.LeftOut(raw, exit.LeftOut, series.Job);
        var to = DestinationOf(exit, series);
        if (InMesh(exit.Route, to) is { } reason) return SeriesMeaning.LeftOut(raw, reason, series.Job);
        // What was on its way to a known destination, and was refused there, has not left the mesh.
        var route = exit.Route is (Route.Registered or Route.Passthrough) && series.IsRefused ? Route.Blocked : exit.Route;
        var flow = new Flow(series.Source, to with { Service = Clean(to.Service), Host = Clean(to.Host) }, route, ProtocolOf(raw, series.Protocol));
        var code = raw.Metric == Metric.Requests ? LabelText.Code(series.ResponseCode) : "";
        var flags = raw.Metric is Metric.Requests or Metric.ConnectionsClosed ? LabelText.Flags(series.RawResponseFlags) : "";
        return new SeriesMeaning(raw, new CounterId(flow, raw.Metric, code, flags, Tags(labels, series.Path)), "", series.Job, series.Present)
        {
            CanRefuse = series.Reporter == "waypoint" || _gatewayWorkloads.Contains(flow.Source.ToString()),
        };
    }

    /// <summary>By which way the traffic left the mesh, or why it did not.</summary>
    private Exit ExitOf(RawMetric raw, SeriesLabels series)
    {
        var (service, name) = (series.Service, series.ServiceName);

        // Inbound proxies report the same cluster names for traffic that enters a pod (istio/istio#45117).
        if (series.Reporter == "destination") return Exit.None("reporter_destination");
        if (name.StartsWith("InboundPassthroughCluster", StringComparison.Ordinal)) return Exit.None("inbound");
        if (name == BlackHoleCluster || service == BlackHoleCluster) return new(Route.Blocked, Claimed: service == BlackHoleCluster ? "" : service);

        // Traffic between pods by address goes through PassthroughCluster too (istio/istio#35726).
        if (name is PassthroughCluster or DynamicDnsCluster)
            return series.Workload.Length > 0 ? Exit.None("in_mesh") : new(Route.Passthrough, Claimed: service == name ? "" : service);
        if (IsGateway(series)) return new(Route.Gateway, Registered: service.Length > 0 ? service : name);
        if (IsKubeApi(service) || IsKubeApi(name)) return Exit.None("kube_api");

        if (IsEntryAsWorkload(series)) return ExitToHost(raw, series, service);

        // Also ambient's hop to a waypoint, which reports the same traffic on from there.
        if (series.Workload.Length > 0 || IsInCluster(service) || IsInCluster(name)) return Exit.None("in_mesh");
        return service.Length == 0 && name.Length == 0 ? new(Route.Unidentified) : ExitToHost(raw, series, service.Length > 0 ? service : name);
    }

    /// <summary>The way to a host that lies outside the cluster.</summary>
    private Exit ExitToHost(RawMetric raw, SeriesLabels series, string host)
    {
        // Without a cluster Envoy answers 404 itself: nothing left the pod.
        if (series.ResponseFlags.Split(',').Contains("NR")) return Exit.None("no_route");
        if (AddressText.TryAddress(host, out _, out _) || IsDynamic(raw, series, host)) return new(Route.Passthrough, Claimed: host);

        // Mixer gave every service a namespace, registered or not; it did not know canonical services.
        if (series.ServiceNamespace.Length > 0 && series.HasCanonicalService) _hosts.Saw(host);
        return new(Route.Registered, Registered: host);
    }

    /// <summary>What the series tells of the destination. Its texts are as the series has them.</summary>
    private static RawDestination DestinationOf(Exit exit, SeriesLabels series)
    {
        var address = AddressText.TryAddress(series.Address, out var told, out var port) ? told : null;
        if (series.Port.Length > 0) port = series.Port;
        var claimed = exit.Claimed.Length > 0 ? exit.Claimed : series.Host;
        if (AddressText.TryAddress(claimed, out var literal, out var literalPort))
        {
            address ??= literal;
            if (port.Length == 0) port = literalPort;
            claimed = "";
        }

        var (claimedHost, claimedPort) = AddressText.Split(claimed);
        var (registeredHost, registeredPort) = AddressText.Split(exit.Registered);
        if (port.Length == 0) port = LabelText.Port(registeredPort.Length > 0 ? registeredPort : claimedPort);
        return new(address, port, registeredHost, claimedHost, Clean(series.Sni));
    }

    /// <summary>Why the destination lies in the mesh after all; null where it does not.</summary>
    private string? InMesh(Route route, RawDestination to)
    {
        var isClusterAddress = to.Address is { } address && _options.ClusterNetworks.Any(network => network.Contains(address));
        if (isClusterAddress && route is (Route.Passthrough or Route.Unidentified)) return "cluster_network";

        // Anyone can write such a Host header. It is not believed where the address shows that the traffic went elsewhere.
        var isElsewhere = to.Address is { } known && (_options.ClusterNetworks.Count > 0 || !AddressText.IsPrivate(known));
        return route == Route.Passthrough && !isElsewhere && (IsInCluster(to.Host) || IsKubeApi(to.Host)) ? "claimed_in_mesh" : null;
    }

    /// <summary>Whether <c>ALLOW_ANY_DYNAMIC_DNS</c> let it out. That leaves no mark of its own: service and name are the Host header as the client sent it,
    /// and nothing else is known.</summary>
    private bool IsDynamic(RawMetric raw, SeriesLabels series, string host) =>
        series.Reporter != "waypoint" && !raw.Tcp && series.Protocol is "http" or "grpc" && series.Service == series.ServiceName
        && series.ServiceNamespace.Length == 0 && series.Cluster.Length == 0 && series.WorkloadNamespace.Length == 0
        && _hosts.IsUnregistered(series.Source, host);

    /// <summary>Whether the destination's workload is no pod, but the ServiceEntry itself. ztunnel has always named it so, and sidecars do since Istio 1.30 if
    /// DNS resolves the entry. Unlike a workload of the mesh, it has no identity.</summary>
    private bool IsEntryAsWorkload(SeriesLabels series) =>
        series is { Workload.Length: > 0, WorkloadNamespace.Length: > 0, HasNoPeerIdentity: true } && series.Service.Contains('.', StringComparison.Ordinal)
        && !IsInCluster(series.Service) && !series.Service.Contains(".svc.", StringComparison.OrdinalIgnoreCase);

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

    private static Protocol ProtocolOf(RawMetric raw, string word) => word switch
    {
        "grpc" => Protocol.Grpc,
        "http" => Protocol.Http,
        _ when raw.Tcp => Protocol.Tcp,
        _ => Protocol.Http,
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
    private bool IsGateway(SeriesLabels series) =>
        _gatewayServices.Contains(series.Service) || _gatewayServices.Contains(series.ServiceName)
        || _gatewayServices.Contains($"{series.ServiceName}.{series.ServiceNamespace}{_serviceSuffix}")
        || _gatewayWorkloads.Contains($"{series.WorkloadNamespace}/{series.Workload}");

    /// <summary>A way out of the mesh.</summary>
    /// <param name="Registered">The host of a ServiceEntry; empty where there is none.</param>
    /// <param name="Claimed">The host that the client names; empty where there is none.</param>
    /// <param name="LeftOut">Why the traffic did not leave the mesh; empty where it did.</param>
    private readonly record struct Exit(Route Route, string Registered = "", string Claimed = "", string LeftOut = "")
    {
        public static Exit None(string reason) => new(default, LeftOut: reason);
    }
}
