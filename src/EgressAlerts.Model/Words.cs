namespace EgressAlerts.Model;

/// <summary>How the enumerations are spelled in labels, and the label values that are ours and not traffic's.</summary>
public static class Words
{
    /// <summary>The destination, workload or code that stands for all that did not get a place within the budget.</summary>
    public const string Other = "__other__";

    /// <summary>Replaces text from the network that no label may carry.</summary>
    public const string Invalid = "_invalid_";

    /// <summary>Istio's own word for what it does not know.</summary>
    public const string Unknown = "unknown";

    /// <summary>What the addresses of the clouds' metadata services are called.</summary>
    public const string CloudMetadata = "cloud-metadata";

    public static string Word(this Route route) => route switch
    {
        Route.Passthrough => "passthrough",
        Route.Blocked => "blocked",
        Route.Registered => "registered",
        Route.Gateway => "gateway",
        _ => "unidentified",
    };

    public static string Word(this Protocol protocol) => protocol switch
    {
        Protocol.Http => "http",
        Protocol.Grpc => "grpc",
        _ => "tcp",
    };

    /// <summary>The <c>metric</c> label of the accounting metrics: the exported name without <c>egress_</c> and <c>_total</c>.</summary>
    public static string Word(this Metric metric) => metric switch
    {
        Metric.Requests => "requests",
        Metric.ConnectionsOpened => "connections_opened",
        Metric.ConnectionsClosed => "connections_closed",
        Metric.UploadBytes => "upload_bytes",
        _ => "download_bytes",
    };

    public static string Word(this NameSource source) => source switch
    {
        NameSource.Registry => "registry",
        NameSource.Network => "network",
        NameSource.Special => "special",
        NameSource.Sni => "sni",
        NameSource.Host => "host",
        NameSource.Ptr => "ptr",
        NameSource.PtrUnconfirmed => "ptr_unconfirmed",
        NameSource.Ip => "ip",
        _ => Unknown,
    };
}
