using System.Net;
using DnsClient;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Naming;

/// <summary>The section <c>dns</c>: every name server is asked one question, for the name of an address that has had one for decades. Any thread.</summary>
public static class NameServerChecks
{
    public const string Section = "dns";

    /// <summary>The root server A, whose address has the name <c>a.root-servers.net</c>.</summary>
    public static readonly IPAddress Asked = IPAddress.Parse("198.41.0.4");

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(5);

    public static CheckKind NameServers { get; } = new(Section, "name_servers", "each name server answers a PTR question");

    public static CheckKind ReverseZones { get; } = new(Section, "reverse_zones", "each name server looks up the names of addresses on the internet");

    public static IReadOnlyList<CheckKind> Kinds { get; } = [NameServers, ReverseZones];

    /// <param name="resolvConf">Where the servers of the system are named.</param>
    public static async Task RunAsync(
        DnsOptions options, CheckBook book, TimeProvider time, CancellationToken cancel, string resolvConf = ResolvConf.SystemPath)
    {
        if (!book.Wants(NameServers, ReverseZones)) return;
        var now = new ServerList(options, time, NullLogger.Instance, resolvConf).Now;
        if (now.Servers.Count == 0)
        {
            book.Add(NameServers.Fail($"there is no name server, neither in dns.servers nor in {resolvConf}", "dns: {servers: ['10.96.0.10']}"));
            book.GiveUp([ReverseZones], "not known, because there is no name server (name_servers)");
            return;
        }

        await Task.WhenAll(now.Servers.Select(server => AskAsync(server, options.Transport, now.Timeout < MaxTime ? now.Timeout : MaxTime, book, cancel)));
    }

    private static async Task AskAsync(DnsServer server, DnsTransport transport, TimeSpan timeout, CheckBook book, CancellationToken cancel)
    {
        var (name, question) = (server.Status.Server, new DnsQuestion(Asked.GetArpaName(), QueryType.PTR));
        var isTcp = transport == DnsTransport.Tcp;
        var outcome = await server.Client.AskAsync(question, isTcp, timeout, cancel);
        if (outcome.Reply is null && outcome.Reason != ServerClient.Truncated)
        {
            book.Add(NameServers.Fail(
                $"{name} does not answer over {(isTcp ? "TCP" : "UDP")}: {QuotedText.Of(outcome.Text, 200)} ({outcome.Reason})",
                isTcp
                    ? $"dns: {{servers: ['OTHER']}}, a NetworkPolicy that allows TCP to {name}, or dns: {{transport: udp}} where it knows no TCP"
                    : $"dns: {{servers: ['OTHER']}}, or a NetworkPolicy that allows UDP to {name}"));
            book.Add(ReverseZones.Fail($"not known of {name}, because it does not answer (name_servers)", ""));
            return;
        }

        book.Add(NameServers.Ok($"{name} answers"));
        book.Add(Reverse(name, outcome.Reply is { } reply ? Replies.Read(reply, question) : DnsReply.Failed(outcome.Reason)));
    }

    private static Check Reverse(string server, DnsReply reply) => reply switch
    {
        { Outcome: DnsOutcome.Answer } => ReverseZones.Ok($"{server} looks up the names of addresses"),
        { Reason: ServerClient.Truncated } => ReverseZones.Ok($"{server} answers, and the answer did not fit into a datagram"),
        { Outcome: DnsOutcome.Negative } => ReverseZones.Warn(
            $"{server} says that {Asked} has no name: it does not look up reverse zones of the internet, so addresses stay without names",
            "dns: {servers: ['RESOLVER']}, one that forwards in-addr.arpa and ip6.arpa; or names of your own: destinations: {network_files: [FILE]}"),
        _ => ReverseZones.Fail(
            $"{server} refuses or fails the question for the name of {Asked} ({reply.Reason})",
            "dns: {servers: ['RESOLVER']}, one that answers recursive questions of this machine"),
    };
}
