using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>The paths of the pages below the overview, encoded for a link.</summary>
internal static class Links
{
    public static string Alert(string fingerprint) => $"alerts/{Uri.EscapeDataString(fingerprint)}";

    public static string Workload(Workload source) => $"workloads/{Uri.EscapeDataString(source.Namespace)}/{Uri.EscapeDataString(source.Name)}"
        + (source.Cluster.Length > 0 ? $"?cluster={Uri.EscapeDataString(source.Cluster)}" : "");

    public static string Destination(string name) => $"destinations/{Uri.EscapeDataString(name)}";

    /// <summary>The entries of the namespace of one entry, and the place of that entry on their page.</summary>
    public static string Entries(string entry) =>
        $"entries?namespace={Uri.EscapeDataString(entry.Split('/')[0])}#{Uri.EscapeDataString(entry)}";

    public static string Runbook(string alertName) => $"runbooks/{Uri.EscapeDataString(alertName)}";
}
