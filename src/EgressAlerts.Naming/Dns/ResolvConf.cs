using System.Globalization;
using System.Net;

namespace EgressAlerts.Naming.Dns;

/// <summary>The name servers of the system, from resolv.conf(5). The search list is never used, because only absolute names are asked.</summary>
/// <param name="Timeout">How long one server may take. Null where the file does not say.</param>
/// <param name="Attempts">How often a question is asked. Null where the file does not say.</param>
/// <param name="Rotate">Whether the servers take turns. Else the first that works is asked.</param>
internal sealed record ResolvConf(IReadOnlyList<IPEndPoint> Servers, TimeSpan? Timeout, int? Attempts, bool Rotate)
{
    public const string SystemPath = "/etc/resolv.conf";

    private const int MaxServers = 3;
    private const int DnsPort = 53;
    private const int MaxTimeoutSeconds = 30;
    private const int MaxAttempts = 5;

    public static ResolvConf Read(string path)
    {
        try
        {
            return Parse(File.ReadLines(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Parse([]);
        }
    }

    internal static ResolvConf Parse(IEnumerable<string> lines)
    {
        var servers = new List<IPEndPoint>();
        var options = new Dictionary<string, string>();
        foreach (var words in lines.Select(Split).Where(words => words.Length > 1))
        {
            if (words[0] == "nameserver" && servers.Count < MaxServers && IPAddress.TryParse(words[1], out var address))
                servers.Add(new IPEndPoint(address, DnsPort));
            if (words[0] != "options") continue;
            foreach (var option in words.Skip(1).Select(word => word.Split(':', 2))) options[option[0]] = option.Length > 1 ? option[1] : "";
        }

        static string[] Split(string line) => line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);

        int? Number(string name, int max) =>
            int.TryParse(options.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, max) : null;

        return new(
            servers,
            Number("timeout", MaxTimeoutSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Number("attempts", MaxAttempts),
            options.ContainsKey("rotate"));
    }
}
