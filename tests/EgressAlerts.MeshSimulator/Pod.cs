namespace EgressAlerts.MeshSimulator;

/// <summary>One pod and the counters of its proxy.</summary>
public sealed class Pod(string cluster, string ns, string workload, string name, string instance, Dialect dialect)
{
    private readonly Dictionary<(string Metric, Target Target, string Code, string Flags), Counter> _counters = [];

    public string Cluster => cluster;

    public string Namespace => ns;

    public string Workload => workload;

    public string Name => name;

    public string Instance => instance;

    public Dialect Dialect => dialect;

    internal IEnumerable<Counter> Counters => _counters.Values;

    /// <summary>Requests over HTTP; a refused one answers 502 and moves no bytes of the outside.</summary>
    public void Http(Target target, long count = 1, long sent = 300, long got = 2000, string code = "", string protocol = "http")
    {
        if (code.Length == 0) code = target.Way == Way.Blocked ? "502" : "200";
        Add("istio_requests_total", target, tcp: false, protocol, code, "-", count);
        Add("istio_request_bytes_sum", target, tcp: false, protocol, code, "-", sent * count);
        Add("istio_response_bytes_sum", target, tcp: false, protocol, code, "-", target.Way == Way.Blocked ? 0 : got * count);
    }

    /// <summary>TCP connections that open and close; <paramref name="sent"/> is what the application sent, which Istio calls received.</summary>
    /// <param name="flags">Why they failed, such as <c>UF,URX</c> where nobody answers. Empty for what is usual on this way.</param>
    public void Tcp(Target target, long count = 1, long sent = 1500, long got = 9000, string flags = "")
    {
        var blocked = target.Way == Way.Blocked;
        if (flags.Length == 0) flags = blocked && dialect != Dialect.Mixer ? "UH" : "-";
        Add("istio_tcp_connections_opened_total", target, tcp: true, "tcp", "", flags, count);
        Add("istio_tcp_connections_closed_total", target, tcp: true, "tcp", "", flags, count);
        Add("istio_tcp_received_bytes_total", target, tcp: true, "tcp", "", flags, blocked ? 0 : sent * count);
        Add("istio_tcp_sent_bytes_total", target, tcp: true, "tcp", "", flags, blocked ? 0 : got * count);
    }

    /// <summary>The container starts anew: its counters are gone until there is traffic again, then they begin at zero under the same labels.</summary>
    public void Restart() => _counters.Clear();

    private void Add(string metric, Target target, bool tcp, string protocol, string code, string flags, double amount)
    {
        var key = (metric, target, code + protocol, flags);
        if (!_counters.TryGetValue(key, out var counter))
            _counters.Add(key, counter = new Counter(LabelSets.Of(this, metric, target, tcp, protocol, code, flags), Truth(metric, target)));
        counter.Value += amount;
    }

    private TruthKey? Truth(string metric, Target target) => target.Way == Way.InMesh || dialect == Dialect.Mangled ? null : new(
        ns,
        workload,
        dialect == Dialect.Ztunnel ? "unidentified" : target.Refusal.Length > 0 ? "blocked" : target.Way switch
        {
            Way.Passthrough or Way.DynamicDns => "passthrough",
            Way.Blocked => "blocked",
            Way.Gateway => "gateway",
            _ => "registered",
        },
        metric switch
        {
            "istio_requests_total" => "requests",
            "istio_tcp_connections_opened_total" => "connections_opened",
            "istio_tcp_connections_closed_total" => "connections_closed",
            "istio_request_bytes_sum" or "istio_tcp_received_bytes_total" => "upload_bytes",
            _ => "download_bytes",
        },
        dialect == Dialect.Mixer ? "" : cluster);
}
