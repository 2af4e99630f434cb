using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>Where the Kubernetes API is, and an HTTP client that is let in there. The client follows no redirects, which could carry its token elsewhere.
/// </summary>
public sealed record ClusterAccess(Uri Server, HttpClient Http)
{
    /// <summary>The access that the configuration names.</summary>
    /// <param name="logger">Told of new certificates.</param>
    /// <exception cref="InvalidDataException">There is no such access. The message says why, and what to do.</exception>
    public static ClusterAccess Open(KubernetesOptions options, ILogger logger) => options.Kubeconfig.Length > 0
        ? KubeconfigFile.Open(options.Kubeconfig)
        : ServiceAccount.Open(
            ServiceAccount.Folder,
            Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"),
            Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"),
            logger);
}
