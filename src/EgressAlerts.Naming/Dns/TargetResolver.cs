using System.Globalization;
using System.Net;
using DnsClient;
using EgressAlerts.Common;

namespace EgressAlerts.Naming.Dns;

/// <summary>Finds the servers behind a name, as Prometheus' <c>dns_sd_configs</c> do. Any thread.</summary>
public sealed class TargetResolver(NameServers servers)
{
    /// <summary>The servers as host:port, each once, in order. Empty where the zone says that there are none, null where nobody answers.</summary>
    /// <param name="name">An absolute name.</param>
    /// <param name="port">The port of servers whose records have none.</param>
    public async Task<IReadOnlyList<string>?> FindAsync(string name, TargetKind kind, int port, CancellationToken cancel)
    {
        var type = kind switch { TargetKind.Srv => QueryType.SRV, TargetKind.A => QueryType.A, _ => QueryType.AAAA };
        var reply = await servers.AskAsync(name.TrimEnd('.'), type, cancel);
        if (reply.Outcome == DnsOutcome.Failure) return null;
        return
        [
            .. reply.Services.Select(service => string.Create(CultureInfo.InvariantCulture, $"{service.Host}:{service.Port}"))
                .Concat(reply.Addresses.Select(address => new IPEndPoint(address, port).ToString()))
                .Distinct().Order(StringComparer.Ordinal),
        ];
    }
}
