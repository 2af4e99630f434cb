using System.Globalization;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Registry;

/// <summary>Reads what all resources of Kubernetes have.</summary>
internal static class Metadata
{
    public static ResourceName Name(Node resource, string defaultNamespace)
    {
        var metadata = resource.Find("metadata") ?? throw resource.Fault("has no 'metadata'");
        var (ns, name) = (metadata.TextOf("namespace", defaultNamespace), metadata.TextOf("name"));
        foreach (var text in (string[])[ns, name])
        {
            if (LabelText.WorkloadName(text) == LabelValues.Invalid)
                throw metadata.Fault($"has '{QuotedText.Of(text, 60)}', which is no name or namespace of Kubernetes");
        }

        return new(ns, name);
    }

    /// <summary>Null where the resource was not applied yet.</summary>
    public static DateTimeOffset? Created(Node resource) =>
        resource.Find("metadata")?.Find("creationTimestamp") is not { } stamp ? null
        : DateTimeOffset.TryParse(stamp.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created) ? created
        : throw stamp.Fault("is no time such as 2026-01-31T12:00:00Z");

    public static IReadOnlyDictionary<string, string> Labels(Node resource) =>
        resource.Find("metadata")?.LabelsOf("labels") ?? new Dictionary<string, string>();

    public static Node Spec(Node resource) => resource.Find("spec") ?? throw resource.Fault("has no 'spec'");
}
