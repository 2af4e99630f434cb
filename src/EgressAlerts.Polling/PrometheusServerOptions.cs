using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>One of several query APIs, and how to reach it.</summary>
public sealed record PrometheusServerOptions : ICheckedOptions
{
    [Required("is missing")]
    public Uri Url { get; init; } = new("http://127.0.0.1:9090");

    /// <summary>The cluster whose workloads it knows. It takes the place of what Istio's own label says. Empty where that label tells.</summary>
    [PlainName]
    public string Cluster { get; init; } = "";

    [Key("")]
    public HttpSettings Http { get; init; } = new();

    /// <summary>The same, with the user name and password of the URL where HTTP clients look for them.</summary>
    public PrometheusServerOptions WithoutCredentialsInUrl() =>
        this with { Url = HttpText.WithoutCredentials(Url), Http = Http.WithCredentialsOf(Url) };

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
        HttpSettings.UrlFaults(Url, isGiven).Select(fault => ("url", fault));
}
