namespace EgressAlerts.Exam.Attacks;

/// <summary>What leaves no mark in Istio's counters. It is said and not played.</summary>
internal static class BlindSpots
{
    public static IReadOnlyList<string> All { get; } =
    [
        "data inside ordinary requests to a destination in use, at a rate below its noise",
        "what is answered: a stolen file in a download looks like any download",
        "UDP and ICMP, such as DNS tunnels over port 53: Istio does not count them",
        "traffic that does not pass the proxy: pods without a sidecar, host networking, excluded ports and ranges",
        "which customer of a shared front an encrypted connection reaches when the client hides its server name",
        "what was there before the service began to watch: it is a habit",
    ];
}
