using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Registry;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Doctor;

/// <summary>Asks everything that a configuration names how it is, all at once and for 28 s at most. It stores nothing and sends no alert.</summary>
/// <param name="configFile">Null for the defaults.</param>
internal sealed class DoctorRun(Settings settings, string? configFile, TimeProvider time)
{
    /// <summary>The command ends within 30 s. The rest is for the start and for writing the report.</summary>
    internal static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(28);

    /// <summary>All kinds in the order of the report.</summary>
    public static IReadOnlyList<CheckKind> Kinds { get; } =
    [
        .. ServerChecks.Kinds, .. TelemetryChecks.Kinds, .. NameServerChecks.Kinds, .. AlertmanagerChecks.Kinds, .. FileChecks.Kinds, .. WatchChecks.Kinds,
        .. ServiceChecks.Kinds,
    ];

    /// <summary>One or more results of each kind that is wanted, in the order of the kinds.</summary>
    public async Task<IReadOnlyList<Check>> RunAsync(Func<CheckKind, bool> wanted, CancellationToken cancel)
    {
        var book = new CheckBook(kind => wanted(kind));
        using var late = new CancellationTokenSource(MaxTime, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        await Task.WhenAll(
            GuardAsync([.. ServerChecks.Kinds, .. TelemetryChecks.Kinds, .. ServiceChecks.Asked], book, () => ServersAsync(book, limit.Token), cancel),
            GuardAsync(WatchChecks.Kinds, book, () => WatchChecks.RunAsync(settings.Registry.Kubernetes, book, time, limit.Token), cancel),
            GuardAsync(NameServerChecks.Kinds, book, () => NameServerChecks.RunAsync(settings.Dns, book, time, limit.Token), cancel),
            GuardAsync(AlertmanagerChecks.Kinds, book, () => AlertmanagersAsync(book, limit.Token), cancel),
            GuardAsync(FileChecks.Kinds, book, () => Task.Run(() => new FileChecks(settings, configFile, time).Run(book), limit.Token), cancel));
        book.Add(ServiceChecks.ExternalUrlCheck(settings.Alerting));
        book.GiveUp(Kinds, "this was not answered");
        var order = Kinds.Select((kind, i) => (kind.Code, i)).ToDictionary(pair => pair.Code, pair => pair.i);
        return [.. book.Found.OrderBy(check => order[check.Code]).ThenByDescending(check => check.Result)];
    }

    /// <summary>Sees to it that each kind of a section has a result, whatever happens in the section.</summary>
    private static async Task GuardAsync(IReadOnlyList<CheckKind> kinds, CheckBook book, Func<Task> section, CancellationToken cancel)
    {
        if (!book.Wants(kinds)) return;
        try
        {
            await section();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            book.GiveUp(kinds, $"there was no answer within {DurationText.Rounded(MaxTime)}");
        }
#pragma warning disable CA1031 // A bug in one section must not hide what the others have found. It is told, and the command fails.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            book.GiveUp(kinds, $"the doctor failed unexpectedly here: {e.GetType().Name}: {QuotedText.Of(e.Message, 200)}");
        }
    }

    /// <summary>Examines each server. Where there are several, each result begins with the address of its server.</summary>
    private async Task ServersAsync(CheckBook book, CancellationToken cancel)
    {
        if (settings.Prometheus.Servers is not { Count: > 1 } servers)
        {
            await ServerAsync(settings.Prometheus, settings.PrometheusHttp, book, isFirst: true, cancel);
            return;
        }

        var options = settings.Prometheus.EachServer();
        await Task.WhenAll(servers.Select(async (server, i) =>
        {
            var own = new CheckBook(kind => book.Wants(kind));
            await ServerAsync(options[i], server.Http, own, isFirst: i == 0, cancel);
            book.Add([.. own.Found.Select(check => check with { Message = $"{server.Url.GetLeftPart(UriPartial.Path)}: {check.Message}" })]);
        }));
    }

    /// <param name="isFirst">Whether it is the one that should scrape this service.</param>
    private async Task ServerAsync(PollingOptions options, HttpSettings access, CheckBook book, bool isFirst, CancellationToken cancel)
    {
        using var http = HttpClients.Create(access, NullLogger.Instance);
        var probe = new ServerProbe(http, options, time);
        if (await ServerChecks.RunAsync(probe, book, time, cancel) is not { } facts)
        {
            CheckKind[] unknown = [.. ServerChecks.Kinds, .. TelemetryChecks.Kinds, .. isFirst ? ServiceChecks.Asked : []];
            book.GiveUp(unknown, $"not known, because the query API does not answer ({ServerChecks.QueryApi.Code})");
            return;
        }

        var telemetry = new TelemetrySection(probe, facts, options, settings.Telemetry, book, time);
        var service = isFirst ? new ServiceChecks(probe, options, book).RunAsync(cancel) : Task.CompletedTask;
        await Task.WhenAll(book.Wants([ServerChecks.Limits, .. TelemetryChecks.Kinds]) ? telemetry.RunAsync(cancel) : Task.CompletedTask, service);
    }

    private async Task AlertmanagersAsync(CheckBook book, CancellationToken cancel)
    {
        using var servers = NameServers.Of(settings.Dns, time);
        await AlertmanagerChecks.RunAsync(settings.Alerting, new TargetResolver(servers).FindAsync, book, time, NullLogger.Instance, cancel);
    }
}
