using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.Alerting;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>What an alert says about whom to let through or to stop. Text from the network is cleaned, but not to be trusted.</summary>
/// <param name="Destination">Empty where the alert is about none.</param>
/// <param name="Address">The address of the first contact; null where it is not known.</param>
/// <param name="Protocol"><c>tcp</c>, <c>http</c> or <c>grpc</c>.</param>
/// <param name="Region">Where the destination is; empty where nobody knows.</param>
internal sealed record RemedyFacts(
    string AlertName, Workload Source, string Destination, NameSource NameSource, bool Confirmed, IPAddress? Address, string Port, string Protocol,
    string ClaimedName, string Region, string Observed)
{
    private const string Unregistered = ".external";

    /// <summary>The alert's own; empty where it is not known.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Where people reach this service; empty where it is not known.</summary>
    public string ServiceUrl { get; init; } = "";

    /// <summary>Until when an entry that allows it would hold.</summary>
    public DateTimeOffset? AllowUntil { get; init; }

    /// <summary>Finds the network of the user's or of a provider that holds an address.</summary>
    public Func<IPAddress, IPNetwork?> NetworkOf { get; init; } = _ => null;

    /// <summary>Whether entries are judged by the rules of ambient mode.</summary>
    public bool IsAmbient { get; init; }

    /// <summary>Whether the workload is an egress gateway.</summary>
    public bool IsGateway { get; init; }

    /// <summary>The way out of the mesh of the first contact.</summary>
    public Route Route { get; init; } = Route.Passthrough;

    /// <summary>False for alerts about the service itself.</summary>
    public bool HasWorkload => Source.Name.Length > 0;

    /// <summary>The name as a host that clients ask for; empty where it is none. A reverse name is none: it says whose machine it is.</summary>
    public string Host =>
        NameSource is NameSource.Registry or NameSource.Sni or NameSource.Host && IsHost(Destination) ? Destination
        : IsHost(ClaimedName) && AlertName == "EgressNameMismatch" ? ClaimedName
        : "";

    public bool IsHttp => Protocol is "http" or "grpc";

    /// <summary>The network that holds the address alone; empty where it is not known.</summary>
    public string Cidr => Address is { } address
        ? string.Create(CultureInfo.InvariantCulture, $"{address}/{(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)}")
        : "";

    /// <summary>A host for what has none, because a ServiceEntry needs one.</summary>
    public string AnyHost => Host.Length > 0 ? Host : IsHost(Destination) ? Destination : YamlText.Slug("address", $"{Address}") + Unregistered;

    public static RemedyFacts Of(Alert alert, string region)
    {
        string Label(string name) => alert.Labels.GetValueOrDefault(name, "");
        string Annotation(string name) => alert.Annotations.GetValueOrDefault(name, "");
        return new(
            Label("alertname"),
            Workload.Of(alert.Labels),
            Label("destination"),
            Enum.GetValues<NameSource>().FirstOrDefault(source => source.LabelValue() == Annotation("name_source"), NameSource.Unknown),
            Annotation("confirmed") == "true",
            IPAddress.TryParse(Annotation("address") is { Length: > 0 } address ? address : Label("destination"), out var parsed) ? parsed : null,
            LabelText.Port(Annotation("port")),
            Annotation("protocol") is { Length: > 0 } protocol ? protocol : "tcp",
            Annotation("claimed_name"),
            region,
            Annotation("observed"))
        {
            Fingerprint = alert.Fingerprint,
            Route = Enum.GetValues<Route>().FirstOrDefault(route => route.LabelValue() == Annotation("route"), Route.Passthrough),
        };
    }

    private static bool IsHost(string name) =>
        name.Contains('.', StringComparison.Ordinal) && !name.StartsWith('*') && !IPAddress.TryParse(name, out _) && LabelText.Host(name) == name
        && name != LabelValues.Invalid;
}
