using System.Globalization;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>The access of a pod to the API of its own cluster.</summary>
/// <remarks>KubernetesClient's own client is not used. Where the cluster has an authority of its own, which is nearly always, it takes a certificate of that
/// authority for any host name (<c>Kubernetes.CertificateValidationCallBack</c>). It also follows redirects and reads the authority only once.</remarks>
internal static class ServiceAccount
{
    /// <summary>Where the kubelet puts the token. It replaces the token long before the old one ends.</summary>
    public const string Folder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The client reads the token with every request, and the authority again when it changes.</summary>
    /// <exception cref="InvalidDataException">This process is in no pod with a token.</exception>
    public static ClusterAccess Open(string folder, string? host, string? port, ILogger logger)
    {
        var (token, authority) = (Path.Combine(folder, "token"), Path.Combine(folder, "ca.crt"));
        if (string.IsNullOrEmpty(host) || !ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw Unusable("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
        foreach (var file in (string[])[token, authority])
        {
            if (!File.Exists(file)) throw Unusable($"there is no {file}");
        }

        var settings = new HttpSettings { CredentialsFile = token, Tls = new() { CaFile = authority } };
        try
        {
            return new(new UriBuilder(Uri.UriSchemeHttps, host, number).Uri, HttpClients.Create(settings, logger));
        }
        catch (UriFormatException e)
        {
            throw Unusable($"KUBERNETES_SERVICE_HOST is no host: {e.Message}");
        }
    }

    private static InvalidDataException Unusable(string why) => new(
        $"this process has no service account token of a pod ({why}). Apply deploy/kubernetes/registry-watch, name a kubeconfig in "
        + "telemetry.kubernetes.kubeconfig, or set telemetry.kubernetes.watch to false");
}
