using EgressAlerts.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Registry;

/// <summary>The section <c>kubernetes</c>: whether the cluster lets this service list and watch what the mesh registers. Stateless.</summary>
public static class WatchChecks
{
    private const string Section = "kubernetes";

    /// <summary>The Kubernetes API answers a list of one resource at once, and a watch with its first byte.</summary>
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(8);

    private static readonly CheckKind Watch = new(
        Section, "cluster_watch", "ServiceEntries and Sidecars can be listed and watched, where `telemetry.kubernetes.watch` asks for it");

    public static IReadOnlyList<CheckKind> Kinds { get; } = [Watch];

    public static async Task RunAsync(KubernetesOptions options, CheckBook book, TimeProvider time, CancellationToken cancel)
    {
        if (!options.Watch)
        {
            book.Add(Watch.Ok("the configuration asks for no watch (telemetry.kubernetes.watch)"));
            return;
        }

        try
        {
            var access = ClusterAccess.Open(options, NullLogger.Instance);
            using var http = access.Http;
            foreach (var plural in (string[])[ResourceKinds.ServiceEntry.Plural, ResourceKinds.Sidecar.Plural])
                book.Add(await CheckAsync(new KindApi(access, plural), time, cancel));
        }
        catch (InvalidDataException e)
        {
            book.Add(Watch.Fail(
                e.Message, "kubectl apply -k with the component deploy/kubernetes/registry-watch, or telemetry: {kubernetes: {kubeconfig: FILE}}"));
        }
    }

    private static async Task<Check> CheckAsync(KindApi api, TimeProvider time, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(MaxTime, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            using var list = await api.GetAsync("list", "limit=1", limit.Token);
            using var watch = await api.GetAsync("watch", "watch=true&timeoutSeconds=1&resourceVersion=0", limit.Token);
            return Watch.Ok($"{api.Name} can be listed and watched");
        }
        catch (WatchFault e)
        {
            return Watch.Fail(e.Message.TrimEnd('.'), Remedy(e.End, api.Name));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Watch.Fail($"the Kubernetes API did not answer about {api.Name} within {MaxTime.TotalSeconds:0} s", Remedy(WatchEnd.Unreachable, api.Name));
        }
    }

    private static string Remedy(WatchEnd end, string name) => end switch
    {
        WatchEnd.Refused => $"kubectl auth can-i watch {name} --all-namespaces --as=system:serviceaccount:NAMESPACE:egress-alerts",
        WatchEnd.Missing => "telemetry: {kubernetes: {watch: false}}, or install Istio",
        _ => "kubectl get --raw /readyz, from where this service runs; a NetworkPolicy may keep it away",
    };
}
