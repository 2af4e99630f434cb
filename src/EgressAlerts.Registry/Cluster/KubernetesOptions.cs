using EgressAlerts.Common;

namespace EgressAlerts.Registry;

/// <summary>The section <c>telemetry.kubernetes</c>: whether Istio's resources are watched through the Kubernetes API.</summary>
public sealed record KubernetesOptions : ICheckedOptions
{
    /// <summary>Whether ServiceEntries and Sidecars are listed and watched. Default false: the service then never talks to the Kubernetes API.</summary>
    public bool Watch { get; init; }

    /// <summary>The path of a kubeconfig with a token or a client certificate. Empty: the service account of the pod. It is read when the configuration is
    /// loaded.</summary>
    public string Kubeconfig { get; init; } = "";

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (Watch && Kubeconfig.Length > 0 && UsableFile.Fault(() => KubeconfigFile.Open(Kubeconfig).Http.Dispose()) is { } fault)
            yield return ("kubeconfig", fault);
    }
}
