namespace EgressAlerts.Registry;

/// <summary>A kind of Istio's resources that can be watched.</summary>
/// <param name="Plural">As paths of the Kubernetes API name it.</param>
/// <param name="Label">As metrics name it.</param>
/// <param name="Read">Reads one resource. It throws a <see cref="ResourceFault"/>.</param>
internal sealed record ResourceKind<T>(string Plural, string Label, Func<Node, ResourceName, T> Read)
    where T : class;

internal static class ResourceKinds
{
    public static readonly ResourceKind<ServiceEntry> ServiceEntry = new("serviceentries", "service_entry", EntryReader.Read);

    public static readonly ResourceKind<Sidecar> Sidecar = new("sidecars", "sidecar", SidecarReader.Read);
}
