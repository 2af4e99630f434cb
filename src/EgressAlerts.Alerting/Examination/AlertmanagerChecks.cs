using EgressAlerts.Common;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Alerting;

/// <summary>The section <c>alertmanager</c>: each Alertmanager is asked for <c>/api/v2/status</c>. Nothing is sent to it. Any thread.</summary>
public static class AlertmanagerChecks
{
    public const string Section = "alertmanager";

    /// <summary>Further ones are not asked.</summary>
    private const int MaxAsked = 20;

    public static CheckKind Reachable { get; } = new(Section, "alertmanagers", "each Alertmanager answers");

    public static CheckKind Discovery { get; } = new(Section, "alertmanager_discovery", "`dns_sd_configs` and `file_sd_configs` name some");

    public static CheckKind Cluster { get; } = new(Section, "alertmanager_cluster", "several Alertmanagers are one cluster that is ready");

    public static IReadOnlyList<CheckKind> Kinds { get; } = [Reachable, Discovery, Cluster];

    /// <param name="find">Looks up the names of <c>dns_sd_configs</c>.</param>
    public static async Task RunAsync(
        AlertingOptions options, FindTargets find, CheckBook book, TimeProvider time, ILogger logger, CancellationToken cancel)
    {
        if (!book.Wants(Reachable, Discovery, Cluster)) return;
        var clients = new List<HttpClient>();
        try
        {
            var (asked, found) = (new List<AlertmanagerProbe>(), new HashSet<Uri>());
            foreach (var group in options.Alertmanagers)
            {
                var http = HttpClients.Create(group.Http, logger);
                clients.Add(http);
                foreach (var url in await UrlsAsync(group, find, book, cancel))
                    if (found.Add(url) && asked.Count < MaxAsked) asked.Add(new(url, http, time));
            }

            if (!options.Alertmanagers.Any(group => group.Dns.Count + group.Files.Count > 0)) book.Add(Discovery.Ok("none is to be discovered"));
            await AskAsync(asked, book, cancel);
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    private static async Task AskAsync(List<AlertmanagerProbe> asked, CheckBook book, CancellationToken cancel)
    {
        if (asked.Count == 0)
        {
            book.Add(Reachable.Warn(
                "there is no Alertmanager, so nobody gets alerts", "alerting: {alertmanagers: [{url: 'http://alertmanager.monitoring.svc:9093'}]}"));
            book.Add(Cluster.Ok("there is no Alertmanager"));
            return;
        }

        var answers = await Task.WhenAll(asked.Select(one => one.AskAsync(cancel)));
        book.Add([.. answers.Select(answer => answer.Failure.Length == 0
            ? Reachable.Ok($"{answer.Name} answers, version {answer.Version}")
            : Reachable.Fail($"{answer.Name}: {answer.Failure}", answer.Remedy))]);
        book.Add(ClusterCheck([.. answers.Where(answer => answer.Failure.Length == 0)]));
    }

    internal static Check ClusterCheck(IReadOnlyList<AlertmanagerAnswered> all)
    {
        var settling = all.Where(one => one.Cluster is not ("ready" or "disabled" or "")).ToList();
        if (settling.Count > 0)
        {
            return Cluster.Warn(
                $"{settling[0].Name} is not ready in its cluster ({settling[0].Cluster}), so it may notify twice",
                "look for its peers: --cluster.peer=HOST:9094 of each Alertmanager, and a NetworkPolicy that lets TCP and UDP 9094 pass");
        }

        var alone = all.Where(one => one.Peers < all.Count).ToList();
        return all.Count <= 1 || alone.Count == 0
            ? Cluster.Ok(all.Count == 0 ? "no Alertmanager tells" : all.Count == 1 ? "there is one Alertmanager" : $"{all.Count} Alertmanagers are one cluster")
            : Cluster.Warn(
                $"{alone[0].Name} knows {alone[0].Peers} of {all.Count} Alertmanagers: they are no cluster, so each of them notifies of every alert",
                "--cluster.peer=HOST:9094, at each Alertmanager");
    }

    private static async Task<IReadOnlyList<Uri>> UrlsAsync(AlertmanagerOptions group, FindTargets find, CheckBook book, CancellationToken cancel)
    {
        if (group.Url is { } url) return [url];
        var targets = new List<string>();
        foreach (var discovery in group.Dns)
        {
            foreach (var name in discovery.Names)
            {
                var named = await find(name, discovery.Type, discovery.Port, cancel);
                book.Add(named is { Count: > 0 }
                    ? Discovery.Ok($"{name} leads to {named.Count} Alertmanagers")
                    : Discovery.Fail(
                        $"{name} leads to no Alertmanager: {(named is null ? "no name server answers" : "there are no such records")}",
                        "alerting: {alertmanagers: [{dns_sd_configs: [{names: [_web._tcp.alertmanager-operated.monitoring.svc.cluster.local], type: SRV}]}]}"));
                targets.AddRange(named ?? []);
            }
        }

        foreach (var file in group.Files.SelectMany(discovery => discovery.Files))
        {
            var named = Read(file, book);
            if (named is { Count: > 0 }) book.Add(Discovery.Ok($"{file} names {named.Count} Alertmanagers"));
            targets.AddRange(named ?? []);
        }

        return [.. targets.Distinct().Select(target => group.UrlOf(target))];
    }

    private static IReadOnlyList<string>? Read(string file, CheckBook book)
    {
        try
        {
            var named = TargetFile.Read(file);
            if (named.Count == 0) book.Add(Discovery.Warn($"{file} names no Alertmanager", "- targets: ['alertmanager.monitoring.svc:9093']"));
            return named;
        }
        catch (InvalidDataException e)
        {
            book.Add(Discovery.Fail(e.Message, "- targets: ['alertmanager.monitoring.svc:9093']"));
            return null;
        }
    }
}
