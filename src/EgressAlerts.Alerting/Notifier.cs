using Microsoft.Extensions.Logging;

namespace EgressAlerts.Alerting;

/// <summary>Where alerts go, and the client that knows how to get in.</summary>
public sealed record Alertmanager(Uri Url, HttpClient Http);

/// <summary>Sends changes of alerts at once, and all alerts again and again, to every Alertmanager. The pass calls <see cref="Publish"/>, discovery
/// <see cref="Use"/>, each on its own thread.</summary>
/// <remarks>Alerts are sent again right after a window. Between windows one replica could call firing what the other has just resolved.
/// They are sent again without a window only while no window comes, because windows are long or Prometheus is away.</remarks>
public sealed class Notifier : IAsyncDisposable
{
    private readonly AlertingOptions _options;
    private readonly AlertMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly List<Task> _leaving = [];
    private PeriodicTimer? _resend;
    private Task _resending = Task.CompletedTask;
    private Dictionary<Uri, AlertmanagerClient> _alertmanagers = [];
    private IReadOnlyList<Alert> _current = [];
    private DateTimeOffset _published;
    private DateTimeOffset _sentAll;

    public Notifier(AlertingOptions options, AlertMetrics metrics, TimeProvider time, ILogger<Notifier> logger)
    {
        (_options, _metrics, _time, _logger) = (options, metrics, time, logger);
    }

    /// <summary>Begins to send alerts again and again. Called once.</summary>
    public void Start()
    {
        _resend = new PeriodicTimer(_options.ResendInterval, _time);
        _resending = ResendAsync(_resend);
    }

    /// <summary>What fires now and what resolved lately.</summary>
    public IReadOnlyList<Alert> Current => Volatile.Read(ref _current);

    /// <summary>How the deliveries to each Alertmanager went, by their addresses. Any thread.</summary>
    public IReadOnlyList<AlertmanagerStatus> Alertmanagers
    {
        get
        {
            lock (_lock) return [.. _alertmanagers.Values.Select(client => client.Status).OrderBy(status => status.Url, StringComparer.Ordinal)];
        }
    }

    /// <summary>Sends to these from now on. A new one gets all that fires at once; one that has gone is sent what waits for it.</summary>
    public void Use(IReadOnlyList<Alertmanager> alertmanagers)
    {
        lock (_lock)
        {
            if (_alertmanagers.Count == alertmanagers.Count && alertmanagers.All(alertmanager => _alertmanagers.ContainsKey(alertmanager.Url))) return;
            var next = new Dictionary<Uri, AlertmanagerClient>();
            foreach (var alertmanager in alertmanagers)
            {
                if (!_alertmanagers.Remove(alertmanager.Url, out var client))
                {
                    client = new AlertmanagerClient(alertmanager, _options, _metrics, _time, _logger);
                    client.Start();
                    client.Put([.. Current]);
                }

                next[alertmanager.Url] = client;
            }

            _leaving.RemoveAll(leaving => leaving.IsCompleted);
            _leaving.AddRange(_alertmanagers.Values.Select(client => client.DisposeAsync().AsTask()));
            _alertmanagers = next;
        }
    }

    /// <summary>These are the alerts as of a window. Those that have changed are sent at once.</summary>
    public void Publish(IReadOnlyList<Alert> alerts)
    {
        lock (_lock)
        {
            var before = Current.ToDictionary(alert => alert.Fingerprint);
            var changed = alerts.Where(alert => before.GetValueOrDefault(alert.Fingerprint) is not { } old
                || old.ResolvedAt != alert.ResolvedAt || old.StartsAt != alert.StartsAt).ToList();
            Volatile.Write(ref _current, alerts);
            _published = _time.GetUtcNow();
            if (_published - _sentAll >= _options.ResendInterval) PutAll();
            else Put(changed);
        }
    }

    /// <summary>Sends what waits, for 5 s at most. Never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        _resend?.Dispose();
        await _resending;
        Use([]);
        await Task.WhenAll(_leaving);
    }

    private async Task ResendAsync(PeriodicTimer resend)
    {
        while (await resend.WaitForNextTickAsync())
        {
            lock (_lock)
            {
                if (_time.GetUtcNow() - _published >= _options.ResendInterval) PutAll();
            }
        }
    }

    private void PutAll()
    {
        _sentAll = _time.GetUtcNow();
        Put(Current);
    }

    private void Put(IReadOnlyList<Alert> alerts)
    {
        if (alerts.Count == 0) return;
        foreach (var alertmanager in _alertmanagers.Values) alertmanager.Put(alerts);
    }
}
