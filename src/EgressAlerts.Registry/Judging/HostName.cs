namespace EgressAlerts.Registry;

/// <summary>Compares hosts as Istio does: a leading <c>*</c> stands for anything. All hosts are in lower case.</summary>
internal static class HostName
{
    public static bool IsWildcard(string host) => host.StartsWith('*');

    /// <summary>Whether every host that the first stands for is among those of the second.</summary>
    public static bool IsWithin(string host, string other) =>
        !IsWildcard(other) ? host == other
        : IsWildcard(host) ? host.Length >= other.Length && host.AsSpan(1).EndsWith(other.AsSpan(1), StringComparison.Ordinal)
        : host.AsSpan().EndsWith(other.AsSpan(1), StringComparison.Ordinal);
}
