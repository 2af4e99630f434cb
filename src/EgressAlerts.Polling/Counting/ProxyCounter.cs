using System.Text;

namespace EgressAlerts.Polling;

/// <summary>Says which counter of which proxy a series shows, whatever labels the scraper and the store have added to it.</summary>
/// <param name="Key">A hash of the labels that the proxy itself exposes, and of the proxy's address.</param>
/// <param name="Pod">A hash of the pod's namespace and name; 0 where the series does not tell them. Two counters with different pods are different, because
/// pods get addresses that others had before. A counter without a pod can be of any pod at that address.</param>
internal readonly record struct ProxyCounter(ulong Key, uint Pod)
{
    private const string ExportedPrefix = "exported_";

    private static readonly string[] PodLabels = ["pod", "pod_name", "kubernetes_pod_name"];
    private static readonly string[] NamespaceLabels = ["namespace", "kubernetes_namespace"];

    /// <param name="targetLabels">The names of the labels that are not the proxy's own. Null where they are not known: then every label counts.</param>
    public static ProxyCounter Of(IReadOnlyDictionary<string, string> labels, IReadOnlySet<string>? targetLabels, SeriesHash hash)
    {
        var own = labels.Where(label => label.Value.Length > 0 && targetLabels?.Contains(label.Key) != true)
            .Select(label => (Name: Name(label.Key), label.Value)).ToList();
        if (targetLabels is not null) own.Add(("\0proxy", AddressText.Split(labels.GetValueOrDefault("instance", "")).Host));
        own.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        var text = new StringBuilder();
        foreach (var (name, value) in own) text.Append(name).Append('\0').Append(value).Append('\0');
        var pod = targetLabels is null ? "" : First(PodLabels);
        return new(Hash(text.ToString()), pod.Length == 0 ? 0 : (uint)Hash($"{First(NamespaceLabels)}/{pod}") | 1);

        // Prometheus calls a label "exported_x" where the proxy exposes an "x" and the target has one too.
        string Name(string name)
        {
            var isExported = name.StartsWith(ExportedPrefix, StringComparison.Ordinal) && targetLabels?.Contains(name[ExportedPrefix.Length..]) == true;
            return isExported ? name[ExportedPrefix.Length..] : name;
        }

        string First(string[] names) => names.Select(name => labels.GetValueOrDefault(name, "")).FirstOrDefault(value => value.Length > 0) ?? "";

        ulong Hash(string value) => hash.Compute(Encoding.UTF8.GetBytes(value));
    }

    public bool IsSame(ProxyCounter other) => Key == other.Key && (Pod == other.Pod || Pod == 0 || other.Pod == 0);
}
