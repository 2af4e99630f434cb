namespace EgressAlerts.Web;

/// <summary>The paths of the pages below the overview, encoded for a link.</summary>
internal static class Links
{
    public static string Alert(string fingerprint) => $"alerts/{Uri.EscapeDataString(fingerprint)}";

    public static string Workload(string ns, string name) => $"workloads/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}";

    public static string Destination(string name) => $"destinations/{Uri.EscapeDataString(name)}";

    public static string Runbook(string alertName) => $"runbooks/{Uri.EscapeDataString(alertName)}";
}
