using Microsoft.Extensions.Logging;

namespace EgressAlerts.Alerting;

/// <summary>Where alerts go, and the client that knows how to get in.</summary>
public sealed record Alertmanager(Uri Url, HttpClient Http);

/// <summary>Sends changes of alerts at once and all of them again and again, to every Alertmanager. <see cref="Publish"/> is the pass's.</summary>
/// <remarks>The resend does not wait for windows: while Prometheus is away, a firing alert goes on firing.</remarks>
public sealed class Notifier : IAsyncDisposable
{
    private readonly IReadOnlyList<AlertmanagerClient> _alertmanagers;
    private readonly PeriodicTimer _resend;
    private readonly Task _resending;
    private IReadOnlyList<Alert> _current = [];

    public Notifier(IReadOnlyList<Alertmanager> alertmanagers, AlertingOptions options, AlertMetrics metrics, TimeProvider time, ILogger<Notifier> logger)
    {
        _alertmanagers = [.. alertmanagers.Select(alertmanager => new AlertmanagerClient(alertmanager, options, metrics, time, logger))];
        metrics.Queues([.. _alertmanagers.Select(client => (client.Name, (Func<int>)(() => client.Waiting)))]);
        _resend = new PeriodicTimer(options.ResendInterval, time);
        _resending = Task.Run(ResendAsync);
    }

    /// <summary>What fires now and what resolved lately.</summary>
    public IReadOnlyList<Alert> Current => Volatile.Read(ref _current);

    public void Publish(IReadOnlyList<Alert> alerts)
    {
        var before = Current.ToDictionary(alert => alert.Fingerprint);
        var changed = alerts.Where(alert => !before.TryGetValue(alert.Fingerprint, out var old) || old.ResolvedAt != alert.ResolvedAt || old.StartsAt != alert.StartsAt).ToList();
        Volatile.Write(ref _current, alerts);
        Put(changed);
    }

    public async ValueTask DisposeAsync()
    {
        _resend.Dispose();
        await _resending;
        await Task.WhenAll(_alertmanagers.Select(client => client.DisposeAsync().AsTask()));
    }

    private async Task ResendAsync()
    {
        while (await _resend.WaitForNextTickAsync()) Put(Current);
    }

    private void Put(IReadOnlyList<Alert> alerts)
    {
        if (alerts.Count == 0) return;
        foreach (var alertmanager in _alertmanagers) alertmanager.Put(alerts);
    }
}
