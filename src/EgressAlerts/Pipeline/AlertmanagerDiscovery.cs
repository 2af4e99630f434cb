using EgressAlerts.Alerting;
using EgressAlerts.Configuration;
using EgressAlerts.Naming.Dns;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Keeps the list of Alertmanagers: fixed ones, and those that DNS and files name, looked up in the background. What cannot be looked up stays as it was last.</summary>
internal sealed class AlertmanagerDiscovery : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<(AlertmanagerSettings Settings, HttpClient Http)> _groups;
    private readonly Notifier _notifier;
    private readonly AlertMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TargetResolver _resolver;
    private readonly Dictionary<(DnsDiscovery, string), Looked> _byName = [];
    private readonly HashSet<string> _faulty = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;

    public AlertmanagerDiscovery(
        IReadOnlyList<(AlertmanagerSettings Settings, HttpClient Http)> groups,
        Notifier notifier,
        TargetResolver resolver,
        AlertMetrics metrics,
        TimeProvider time,
        ILogger<AlertmanagerDiscovery> logger)
    {
        (_groups, _notifier, _resolver, _metrics, _time, _logger) = (groups, notifier, resolver, metrics, time, logger);
        _notifier.Use(Known());
        _looking = groups.Any(group => group.Settings.Url is null) ? Task.Run(LookAsync) : Task.CompletedTask;
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
                foreach (var (settings, _) in _groups)
                {
                    foreach (var file in settings.Files) await TryAsync(file.Path, () => file.Refresh(_logger));
                    foreach (var discovery in settings.Dns) await LookUpAsync(discovery);
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

    private async Task LookUpAsync(DnsDiscovery discovery)
    {
        foreach (var name in discovery.Names)
        {
            var before = _byName.GetValueOrDefault((discovery, name), new([], default, Failed: false));
            if (_time.GetUtcNow() >= before.Due) await TryAsync(name, () => LookUpAsync(discovery, name, before));
        }
    }

    private async Task LookUpAsync(DnsDiscovery discovery, string name, Looked before)
    {
        var found = await _resolver.FindAsync(name, discovery.Kind, discovery.Port, _stop.Token);
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

    /// <summary>As far as is known now, each URL once.</summary>
    private List<Alertmanager> Known() =>
    [
        .. _groups.SelectMany(group => Urls(group.Settings).Select(url => new Alertmanager(url, group.Http))).DistinctBy(alertmanager => alertmanager.Url),
    ];

    private IEnumerable<Uri> Urls(AlertmanagerSettings settings)
    {
        if (settings.Url is { } url) yield return url;
        var targets = settings.Files.SelectMany(file => file.Content)
            .Concat(settings.Dns.SelectMany(discovery => discovery.Names.SelectMany(name => _byName.TryGetValue((discovery, name), out var looked) ? looked.Targets : [])));
        foreach (var target in targets) yield return new Uri($"{settings.Scheme}://{target}/{settings.PathPrefix.Trim('/')}");
    }

    /// <summary>What a name last led to.</summary>
    private sealed record Looked(IReadOnlyList<string> Targets, DateTimeOffset Due, bool Failed);
}
