using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Alerting;

/// <summary>Finds the servers behind a name, as Prometheus' <c>dns_sd_configs</c> do.</summary>
/// <param name="port">Of servers whose records have none.</param>
/// <returns>Each server once, as host:port; null where nobody answers.</returns>
public delegate Task<IReadOnlyList<string>?> FindTargets(string name, TargetKind kind, int port, CancellationToken cancel);

/// <summary>Keeps the list of Alertmanagers: fixed ones, and those that DNS and files name. A source that cannot be looked up stays as it was last.</summary>
/// <remarks><see cref="Start"/> is called once. From then on sources are looked up in the background, each second where they are due.</remarks>
public sealed class AlertmanagerDiscovery : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<Group> _groups;
    private readonly Notifier _notifier;
    private readonly FindTargets _find;
    private readonly AlertMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dictionary<(DnsDiscoveryOptions, string), Looked> _byName = [];
    private readonly HashSet<string> _faulty = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _looking = Task.CompletedTask;

    public AlertmanagerDiscovery(
        IReadOnlyList<(AlertmanagerOptions Options, HttpClient Http)> groups, Notifier notifier, FindTargets find,
        AlertMetrics metrics, TimeProvider time, ILogger<AlertmanagerDiscovery> logger)
    {
        (_notifier, _find, _metrics, _time, _logger) = (notifier, find, metrics, time, logger);
        _groups =
        [
            .. groups.Select(group => new Group(
                group.Options,
                group.Http,
                [.. group.Options.Files.SelectMany(discovery => discovery.Files)
                    .Select(file => new WatchedFile<IReadOnlyList<string>>(file, TargetFile.Read, long.MaxValue, [], logger))])),
        ];
    }

    /// <summary>Gives the notifier those that are known at once, and begins to look for others.</summary>
    public void Start()
    {
        _notifier.Use(Known());
        if (_groups.Any(group => group.Options.Url is null)) _looking = Task.Run(LookAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        try
        {
            using var timer = new PeriodicTimer(Tick, _time);
            do
            {
                foreach (var group in _groups)
                {
                    foreach (var file in group.Files) await TryAsync(file.Path, () => file.Refresh(_logger));
                    foreach (var discovery in group.Options.Dns) await LookUpAsync(discovery);
                }

                await TryAsync("the list of Alertmanagers", () => _notifier.Use(Known()));
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task LookUpAsync(DnsDiscoveryOptions discovery)
    {
        foreach (var name in discovery.Names)
        {
            var before = _byName.GetValueOrDefault((discovery, name), new([], default, Failed: false));
            if (_time.GetUtcNow() >= before.Due) await TryAsync(name, () => LookUpAsync(discovery, name, before));
        }
    }

    private async Task LookUpAsync(DnsDiscoveryOptions discovery, string name, Looked before)
    {
        var found = await _find(name, discovery.Type, discovery.Port, _stop.Token);
        if (found is null) _metrics.DiscoveryFailed(DiscoveryFailureReason.Dns);
        if (found is null && !before.Failed) Log.NotDiscovered(_logger, name, before.Targets.Count);
        if (found is not null && before.Failed) Log.Discovered(_logger, name, found.Count);
        _byName[(discovery, name)] = new(found ?? before.Targets, _time.GetUtcNow() + discovery.RefreshInterval, found is null);
    }

    private Task TryAsync(string source, Action look) => TryAsync(source, () =>
    {
        look();
        return Task.CompletedTask;
    });

    /// <summary>Looks at one source. An exception ends neither the loop nor the look at other sources; it is logged when it begins and when it ends.</summary>
    private async Task TryAsync(string source, Func<Task> look)
    {
        try
        {
            await look();
            if (_faulty.Remove(source)) Log.DiscoveryRecovered(_logger, source);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // Discovery has to outlive whatever a source throws: new Alertmanagers would never be found.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _metrics.DiscoveryFailed(DiscoveryFailureReason.Unexpected);
            if (_faulty.Add(source)) Log.DiscoveryFaulty(_logger, source, e);
        }
    }

    /// <summary>The Alertmanagers that are known now, each URL once.</summary>
    private List<Alertmanager> Known() =>
        [.. _groups.SelectMany(group => Urls(group).Select(url => new Alertmanager(url, group.Http))).DistinctBy(alertmanager => alertmanager.Url)];

    private IEnumerable<Uri> Urls(Group group)
    {
        var options = group.Options;
        if (options.Url is { } url) yield return url;
        var named = options.Dns.SelectMany(discovery => discovery.Names.Select(name => _byName.GetValueOrDefault((discovery, name))));
        foreach (var target in group.Files.SelectMany(file => file.Content).Concat(named.SelectMany(looked => looked?.Targets ?? [])))
            yield return options.UrlOf(target);
    }

    private sealed record Group(AlertmanagerOptions Options, HttpClient Http, IReadOnlyList<WatchedFile<IReadOnlyList<string>>> Files);

    /// <summary>What a name last led to.</summary>
    private sealed record Looked(IReadOnlyList<string> Targets, DateTimeOffset Due, bool Failed);
}
