using System.Net;

namespace EgressAlerts.Dns;

/// <summary>The name servers of the system (resolv.conf(5)); the search list is never used, because only absolute names are asked.</summary>
internal static class ResolvConf
{
    private const int MaxServers = 3;
    private const int DnsPort = 53;

    public static IReadOnlyList<IPEndPoint> Servers(string path = "/etc/resolv.conf") => File.Exists(path) ? Parse(File.ReadLines(path)) : [];

    internal static IReadOnlyList<IPEndPoint> Parse(IEnumerable<string> lines) =>
    [
        .. lines
            .Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1 && words[0] == "nameserver")
            .Select(words => IPAddress.TryParse(words[1], out var address) ? new IPEndPoint(address, DnsPort) : null)
            .OfType<IPEndPoint>()
            .Take(MaxServers),
    ];
}
