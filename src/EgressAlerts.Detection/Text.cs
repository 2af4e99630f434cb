using System.Globalization;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>How findings speak of things, the same in every alert.</summary>
internal static class Text
{
    /// <summary>The destination with its address, port and provenance. A name that nobody vouches for is written so that no chat makes a link of it.</summary>
    public static string Of(Flow flow, Destination destination)
    {
        var name = destination.Confirmed ? destination.Name : Unlinked(destination.Name);
        var where = flow.To.Address is { } address && address.ToString() != destination.Name
            ? $"{address}{(flow.To.Port.Length > 0 ? ", port " + flow.To.Port : "")}"
            : flow.To.Port.Length > 0 ? "port " + flow.To.Port : "";
        return where.Length > 0 ? $"{name} ({where}; {Trust(destination)})" : $"{name} ({Trust(destination)})";
    }

    /// <summary>A name that nobody vouches for.</summary>
    public static string Unlinked(string name) => name.Replace(".", "[.]", StringComparison.Ordinal);

    public static string Trust(Destination destination) => destination.Source switch
    {
        NameSource.Sni when destination.Confirmed => "the client's TLS server name, and DNS agrees",
        NameSource.Host when destination.Confirmed => "the client's Host header, and DNS agrees",
        NameSource.Registry => "registered in the mesh",
        NameSource.Network => "named by your networks",
        NameSource.Special => "a special address",
        NameSource.Sni => "name claimed by the client's TLS server name",
        NameSource.Host => "name claimed by the client's Host header",
        NameSource.Ptr => "name confirmed by DNS in both directions",
        NameSource.PtrUnconfirmed => "name from reverse DNS, does not resolve back",
        NameSource.Ip => "no name",
        _ => "neither address nor name in the telemetry",
    };

    public static string Bytes(double bytes) => SizeText.Rounded(bytes);

    public static string Times(double count) => count == 1 ? "once" : string.Create(CultureInfo.InvariantCulture, $"{count:0} times");

    /// <summary>How much it was, and when.</summary>
    public static string Traffic(Episode episode) =>
        $"{Times(episode.Count, "request or connection", "requests or connections")} and {Bytes(episode.Upload)} sent out between {Time(episode.First)} and {Time(episode.Last)}";

    private static string Times(double count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count:0} {(count == 1 ? one : many)}");

    public static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Length(TimeSpan length) => DurationText.Rounded(length);

    /// <summary>PromQL's matcher for the counters of requests and connections.</summary>
    public const string Tried = "__name__=~\"egress_(requests|connections_closed)_total\"";

    /// <summary>PromQL's matchers for what a workload does. Names are cleaned text, so they need no escaping.</summary>
    public static string Source(Workload source) => $"source_workload_namespace=\"{source.Namespace}\",source_workload=\"{source.Name}\"";

    /// <summary>PromQL's matchers for what several workloads do.</summary>
    public static string Sources(IReadOnlyList<WorkloadPattern> patterns) =>
        $"source_workload_namespace=~\"{Regex(patterns.Select(pattern => pattern.Namespace))}\",source_workload=~\"{Regex(patterns.Select(pattern => pattern.Name))}\"";

    private static string Regex(IEnumerable<Pattern> patterns) =>
        string.Join('|', patterns.Select(pattern => pattern.Text.Replace(".", "[.]", StringComparison.Ordinal).Replace("*", ".*", StringComparison.Ordinal)).Distinct());

    /// <summary>PromQL that shows the counters behind a finding.</summary>
    public static string Evidence(Workload source, string destination, Route? route) =>
        $"{{__name__=~\"egress_.+_total\",{Source(source)},destination=\"{destination}\""
        + (route is { } way ? $",route=\"{way.Word()}\"}}" : "}");
}
