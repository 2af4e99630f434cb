using System.Collections.Concurrent;
using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>What tests of the delivery share: a notifier, the HTTP client of the service, and a server that answers as a test tells it to.</summary>
public abstract class DeliveryTests : IAsyncLifetime
{
    protected static readonly TimeSpan Resend = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentQueue<Received> _received = new();
    private Notifier? _notifier;

    protected DeliveryTests() => Metrics = new AlertMetrics(Self);

    private protected ListLogger<Notifier> Logged { get; } = new();

    private protected MetricRegistry Self { get; } = new();

    private protected AlertMetrics Metrics { get; }

    private protected HttpClient Http { get; } = HttpClients.Create(new HttpSettings(), NullLogger.Instance);

    private protected LoopbackServer Bad { get; private set; } = null!;

    /// <summary>What the server took, in order.</summary>
    private protected IReadOnlyCollection<Received> Taken => _received;

    public virtual async Task InitializeAsync() => Bad = await LoopbackServer.StartAsync();

    public virtual async Task DisposeAsync()
    {
        if (_notifier is not null) await _notifier.DisposeAsync();
        await Bad.DisposeAsync();
        Http.Dispose();
    }

    private protected Notifier Start(params Uri[] alertmanagers) => Start(TimeProvider.System, [.. alertmanagers.Select(url => new Alertmanager(url, Http))]);

    private protected Notifier Start(TimeProvider time, IReadOnlyList<Alertmanager> alertmanagers, TimeSpan? resend = null)
    {
        _notifier = new Notifier(new AlertingOptions { ResendInterval = resend ?? Resend, Interval = TimeSpan.FromSeconds(30) }, Metrics, time, Logged);
        _notifier.Start();
        _notifier.Use(alertmanagers);
        return _notifier;
    }

    private protected static Alert Alert(string name, string destination) => new(
        $"{name} {destination}",
        new Dictionary<string, string> { ["alertname"] = name, ["destination"] = destination },
        new Dictionary<string, string> { ["summary"] = "s" },
        TimeProvider.System.GetUtcNow().AddSeconds(-1),
        null,
        "http://127.0.0.1/");

    /// <summary>Resolved just now, to the millisecond that Alertmanager is told.</summary>
    private protected static Alert Resolved(Alert alert) =>
        alert with { ResolvedAt = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()) };

    private protected Task ReceiveAsync(HttpContext context) => ReceiveAsync(context, _ => true);

    private protected async Task ReceiveAsync(HttpContext context, Func<string, bool> keep)
    {
        using var body = new StreamReader(context.Request.Body);
        var text = await body.ReadToEndAsync();
        if (keep(text)) Receive(text);
    }

    private protected void Receive(string text)
    {
        using var alerts = JsonDocument.Parse(text);
        foreach (var alert in alerts.RootElement.EnumerateArray())
        {
            var labels = alert.GetProperty("labels");
            _received.Enqueue(new($"{labels.GetProperty("alertname")} {labels.GetProperty("destination")}", alert.GetProperty("endsAt").GetDateTimeOffset()));
        }
    }

    private protected Task UntilLoggedAsync(string text) =>
        Deadline.UntilAsync(
            () => Logged.Entries.Any(entry => entry.Contains(text, StringComparison.Ordinal)),
            15,
            $"'{text}' is logged: {string.Join('\n', Logged.Entries)}");

    private protected static Task UntilAsync(Func<bool> look, string what, double seconds = 20) =>
        Deadline.UntilAsync(look, seconds, what);

    private protected double Errors(string? reason = null) => Self.Sum("egress_alerts_notifications_errors_total", reason);

    /// <summary>An alert as a request carried it.</summary>
    /// <param name="Text">Its name and its destination.</param>
    internal sealed record Received(string Text, DateTimeOffset EndsAt);
}
