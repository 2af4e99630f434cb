using EgressAlerts.Common;

namespace EgressAlerts.Registry;

/// <summary>The part of the <c>telemetry</c> section that says where Istio's resources are.</summary>
public sealed record RegistryOptions : ICheckedOptions
{
    /// <summary>Files of ServiceEntries and Sidecars, as <c>kubectl get -o yaml</c> prints them. The last part of a path may have a <c>*</c>.
    /// They are read again when they change.</summary>
    public IReadOnlyList<string> ServiceEntryFiles { get; init; } = [];

    /// <summary>The data plane by whose rules entries are judged. Ambient ignores <c>exportTo</c> and Sidecars.</summary>
    public MeshMode MeshMode { get; init; } = MeshMode.Sidecar;

    /// <summary>The namespace whose Sidecar is for all namespaces without one (<c>meshConfig.rootNamespace</c>).</summary>
    public string RootNamespace { get; init; } = "istio-system";

    /// <summary>Whether the same resources are watched in the cluster. What the cluster has replaces what the files say under the same name.</summary>
    public KubernetesOptions Kubernetes { get; init; } = new();

    /// <summary>The files that the paths stand for now.</summary>
    public IReadOnlyList<string> Files() => [.. ServiceEntryFiles.SelectMany(ResourcePath.Files).Distinct()];

    /// <summary>The resources of the files as they are now. The cluster is not asked.</summary>
    /// <exception cref="InvalidDataException">A file cannot be used.</exception>
    public MeshRegistry Read() => MeshRegistry.Read(Files());

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
        ServiceEntryFiles.Select(path => ("service_entry_files", UsableFile.Fault(() => Check(path)))).Where(fault => fault.Item2 is not null)!;

    private static void Check(string path)
    {
        var files = ResourcePath.Files(path);
        if (files.Count == 0) throw new InvalidDataException($"no file matches {path}");
        MeshRegistry.Read(files);
    }
}
