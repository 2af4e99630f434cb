using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Alerting;

/// <summary>What a real Alertmanager with our routes and templates posts to Slack and PagerDuty.</summary>
public sealed partial class ReceiverTests : IAsyncLifetime
{
    private static readonly Workload Cart = new("shop", "cart");

    private readonly MetricRegistry _self = new();
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = HttpClients.Create(new HttpSettings(), NullLogger.Instance);
    private readonly ConcurrentQueue<Post> _posted = new();
    private LoopbackServer _chat = null!;
    private AlertmanagerServer _alertmanager = null!;
    private Notifier _notifier = null!;

    public async Task InitializeAsync()
    {
        _chat = await LoopbackServer.StartAsync();
        _chat.Answer = async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            _posted.Enqueue(new(context.Request.Path.Value!, body.RootElement.Clone()));
            if (context.Request.Path.StartsWithSegments("/pagerduty", StringComparison.Ordinal)) context.Response.StatusCode = StatusCodes.Status202Accepted;
            await context.Response.WriteAsync(context.Response.StatusCode == 202 ? "{\"status\":\"success\"}" : "ok");
        };
        var config = (await File.ReadAllTextAsync(Repository.File("alerts", "alertmanager.yml")))
            .Replace("/etc/alertmanager/secrets/slack-api-url", _folder.Write("slack", $"{_chat.Address}slack/hook"), StringComparison.Ordinal)
            .Replace("/etc/alertmanager/secrets/pagerduty-routing-key", _folder.Write("pagerduty", "key"), StringComparison.Ordinal)
            .Replace("https://events.pagerduty.com/v2/enqueue", $"{_chat.Address}pagerduty/v2/enqueue", StringComparison.Ordinal)
            .Replace("templates/*.tmpl", "'*.tmpl'", StringComparison.Ordinal)
            .Replace("group_wait: 30s", "group_wait: 1s", StringComparison.Ordinal)
            .Replace("group_interval: 5m", "group_interval: 1s", StringComparison.Ordinal)
            .Replace("group_wait: 10m", "group_wait: 1s", StringComparison.Ordinal)
            .Replace("group_interval: 1d", "group_interval: 3s", StringComparison.Ordinal);
        _alertmanager = await AlertmanagerServer.StartAsync(
            config, [.. Directory.GetFiles(Repository.File("alerts", "templates")).Select(file => (Path.GetFileName(file), File.ReadAllText(file)))]);
        var options = new AlertingOptions { ResendInterval = TimeSpan.FromSeconds(1) };
        _notifier = new Notifier(options, new AlertMetrics(_self), TimeProvider.System, NullLogger<Notifier>.Instance);
        _notifier.Start();
        _notifier.Use([new Alertmanager(_alertmanager.Address, _http)]);
    }

    public async Task DisposeAsync()
    {
        await _notifier.DisposeAsync();
        await _alertmanager.DisposeAsync();
        await _chat.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Slack_gets_what_happened_and_the_next_step_and_nothing_that_a_client_chose_can_link_mention_or_format()
    {
        var options = new DetectionOptions { NewDestination = new() { Severity = "warning" } };
        Publish(options, Claimed("evil.example.com"), Claimed("<!channel> <http://evil.example.com|click> {{ .Labels }} *bold*"));
        var message = (await PostedAsync("/slack/hook", text => text.Contains("evil", StringComparison.Ordinal))).GetProperty("attachments")[0];
        Assert.Matches(
            @"^\[warning\] shop/cart talked to a new destination, (evil\[\.\]example\[\.\]com|_invalid_):443 \(one of 2 alerts\)$",
            message.GetProperty("title").GetString());
        Assert.Contains(
            message.GetProperty("title_link").GetString(),
            (await _alertmanager.AlertsAsync("EgressNewDestination")).Select(alert => $"http://egress-alerts.example.com/alerts/{alert.Fingerprint}"));
        Assert.Equal("http://egress-alerts.example.com/runbooks/EgressNewDestination", message.GetProperty("actions")[1].GetProperty("url").GetString());
        var text = message.GetProperty("text").GetString()!;
        Assert.Contains(
            "shop/cart talked to evil[.]example[.]com (port 443; name claimed by the client's Host header) "
            + "by route passthrough, for the first time at ",
            text,
            StringComparison.Ordinal);
        Assert.Contains("shop/cart talked to _invalid_ (port 443; name claimed", text, StringComparison.Ordinal);
        foreach (var markup in (string[])["<", ">", "evil.example.com", "{{", "*bold*", "http"]) Assert.DoesNotContain(markup, text, StringComparison.Ordinal);
        // As plain text: a name such as *.example.com or _invalid_ is no formatting.
        Assert.Equal(["fallback"], message.GetProperty("mrkdwn_in").EnumerateArray().Select(field => field.GetString()));
    }

    [Fact]
    public async Task PagerDuty_gets_critical_ones_with_component_group_and_class_and_learns_of_the_resolution()
    {
        var options = new DetectionOptions { Blocked = new() { Severity = "critical", Quiet = TimeSpan.FromSeconds(30) } };
        var destination = new RawDestination(System.Net.IPAddress.Parse("52.0.0.1"), "443", "", "", "");
        var blocked = new Increment(new(new Flow(Cart, destination, Route.Blocked, Protocol.Tcp), Metric.ConnectionsClosed, "", "UH"), 1);
        var book = Publish(options, new NamedIncrement(blocked, new Destination("vps.hoster.net", NameSource.Ptr, Confirmed: true)));
        var triggered = await PostedAsync("/pagerduty/v2/enqueue", text => text.Contains("trigger", StringComparison.Ordinal));
        var payload = triggered.GetProperty("payload");
        Assert.Equal(
            ("[critical] shop/cart was blocked from vps.hoster.net:443 (1 attempt)", "critical", "cart", "shop", "EgressBlocked"),
            (Text("summary"), Text("severity"), Text("component"), Text("group"), Text("class")));
        Assert.Contains(
            "Istio refused 1 attempt of shop/cart to reach vps.hoster.net (52.0.0.1, port 443; name from reverse DNS",
            payload.GetProperty("custom_details").GetProperty("what").GetString(),
            StringComparison.Ordinal);
        Assert.Equal("EgressAlerts", triggered.GetProperty("client").GetString());

        _notifier.Publish(book.Update([], new Window(Now.AddSeconds(-1), Now)));
        var resolved = await PostedAsync("/pagerduty/v2/enqueue", text => text.Contains("\"resolve\"", StringComparison.Ordinal));
        Assert.Equal(triggered.GetProperty("dedup_key").GetString(), resolved.GetProperty("dedup_key").GetString());

        string? Text(string name) => payload.GetProperty(name).GetString();
    }

    [Fact]
    public async Task News_of_a_namespace_are_one_message_in_each_interval()
    {
        Alert[] news = [.. ((string[])["a", "b", "c"]).Select(name => Fires("EgressNewDestination", "info", $"{name}.example.com"))];
        _notifier.Publish(news[..2]);
        var first = (await PostedAsync("/slack/hook", text => text.Contains("2 news about shop", StringComparison.Ordinal))).GetProperty("attachments")[0];
        Assert.Equal("shop/cart: a.example.com\nshop/cart: b.example.com\n", first.GetProperty("text").GetString());
        _notifier.Publish(news);
        await PostedAsync("/slack/hook", text => text.Contains("3 news about shop", StringComparison.Ordinal));
        Assert.Equal(2, _posted.Count);
    }

    [Fact]
    public async Task Every_kind_of_message_is_that_of_the_golden_file()
    {
        var critical = Fires("EgressBlocked", "critical", "a.example.com");
        IReadOnlyList<Alert> many = [.. Enumerable.Range(1, 7).Select(i => Fires("EgressNewDestination", "warning", $"host{i}.example.com", workload: "api"))];
        var news = Fires("EgressNewDestination", "info", "b.example.com", workload: "web");
        _notifier.Publish([critical, .. many, news, Fires("EgressAlertsQueriesFailing", "warning", instance: "10.0.0.1:10098", workload: "")]);
        var kinds = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal)
        {
            ["PagerDuty, firing"] = await PostedAsync("/pagerduty/v2/enqueue", text => text.Contains("trigger", StringComparison.Ordinal)),
            ["Slack, critical"] = await PostedAsync("/slack/hook", text => text.Contains("[critical]", StringComparison.Ordinal)),
            ["Slack, seven alerts of a workload"] = await PostedAsync("/slack/hook", text => text.Contains("one of 7 alerts", StringComparison.Ordinal)),
            ["Slack, news of a namespace"] = await PostedAsync("/slack/hook", text => text.Contains("1 news about", StringComparison.Ordinal)),
            ["Slack, about the service"] = await PostedAsync("/slack/hook", text => text.Contains("QueriesFailing", StringComparison.Ordinal)),
        };
        _notifier.Publish([critical with { ResolvedAt = Now.AddSeconds(-1) }]);
        kinds["Slack, resolved"] = await PostedAsync("/slack/hook", text => text.Contains("[resolved]", StringComparison.Ordinal));
        kinds["PagerDuty, resolved"] = await PostedAsync("/pagerduty/v2/enqueue", text => text.Contains("\"resolve\"", StringComparison.Ordinal));

        // What differs from run to run: the name and port of this Alertmanager, and the key of the group, which is a hash of its routes.
        var text = HomePattern().Replace(JsonSerializer.Serialize(kinds, Indented), "http://alertmanager.example.com/#/");
        text = KeyPattern().Replace(text, "\"dedup_key\": \"...\"") + "\n";
        Assert.Equal(Golden.Text(text, "alerts", "tests", "notifications.golden.json"), text);
    }

    [Fact]
    public async Task What_is_told_already_is_held_back()
    {
        _notifier.Publish(
        [
            Fires("EgressProbing", "warning"),
            Fires("EgressBlocked", "warning", "a.example.com"),
            Fires("EgressNewDestination", "critical", "b.example.com"),
            Fires("EgressNewDestination", "warning", "b.example.com"),
            Fires("EgressNewDestination", "info", "c.example.com"),
            Fires("EgressThreatListed", "critical", "d.example.com"),
            Fires("EgressNewDestination", "warning", "d.example.com"),
            Fires("EgressUploadSpike", "warning", "e.example.com"),
            Fires("EgressNewDestination", "warning", "files.e.example.com"),
            Fires("EgressAlertsQueriesFailing", "warning", instance: "a"),
            Fires("EgressAlertsWindowsLate", "warning", instance: "a"),
            Fires("EgressAlertsWindowsLate", "warning", instance: "b"),
        ]);
        string[] expected =
        [
            "EgressAlertsQueriesFailing warning a",
            "EgressAlertsWindowsLate warning b",
            "EgressNewDestination critical b.example.com",
            "EgressNewDestination info c.example.com",
            "EgressProbing warning ",
            "EgressThreatListed critical d.example.com",
            "EgressUploadSpike warning e.example.com",
        ];
        await Deadline.UntilAsync(
            async () => (await _alertmanager.NotInhibitedAsync()).Select(Line).Order(StringComparer.Ordinal).SequenceEqual(expected),
            20,
            $"only these are not held back: {string.Join(", ", expected)}");

        static string Line(HeldAlert alert)
        {
            var about = alert.Labels.GetValueOrDefault("destination") ?? alert.Labels.GetValueOrDefault("instance");
            return $"{alert.Labels["alertname"]} {alert.Labels["severity"]} {about}";
        }
    }

    private static Alert Fires(string name, string severity, string destination = "", string instance = "", string workload = "cart")
    {
        var labels = new Dictionary<string, string>
        {
            ["alertname"] = name,
            ["severity"] = severity,
            ["source_workload_namespace"] = workload.Length > 0 ? "shop" : "",
            ["source_workload"] = workload,
            ["destination"] = destination,
            ["instance"] = instance,
        }.Where(label => label.Value.Length > 0).ToDictionary();
        var annotations = new Dictionary<string, string>
        {
            ["summary"] = destination.Length > 0 ? $"shop/{workload}: {destination}" : name,
            ["description"] = $"What {name} says of {destination}{instance}.",
            ["resolves"] = destination.Length > 0 ? "It resolves after 1 h without it." : "",
            ["runbook_url"] = $"https://egress-alerts.example.com/runbooks/{name}",
        };
        return new(string.Join(',', labels), labels, annotations, Began, null, "https://egress-alerts.example.com/alerts/0123456789abcdef");
    }

    private static readonly DateTimeOffset Began = new(2026, 1, 5, 10, 0, 0, TimeSpan.Zero);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private static NamedIncrement Claimed(string host)
    {
        var clean = LabelText.Host(host);
        var flow = new Flow(Cart, new RawDestination(null, "443", "", clean, ""), Route.Passthrough, Protocol.Http);
        return new(new Increment(new(flow, Metric.Requests, "200", "-"), 1), new Destination(clean, NameSource.Host, Confirmed: false));
    }

    private AlertBook Publish(DetectionOptions options, params NamedIncrement[] seen)
    {
        var quiet = options with { Learning = TimeSpan.Zero, Watchdog = new() { Enabled = false } };
        var detectors = new Detectors(quiet, new DetectionMetrics(_self, TimeProvider.System), Store.InMemory().Read(), NullLogger<Detectors>.Instance);
        var window = new Window(Now.AddSeconds(-30), Now);
        var findings = detectors.Observe(new NamedReading(window, seen));
        var alerting = new AlertingOptions { ExternalUrl = new("http://egress-alerts.example.com/") };
        var book = new AlertBook(alerting, Store.InMemory().Read(), new AlertMetrics(_self));
        _notifier.Publish(book.Update(findings, window));
        return book;
    }

    private async Task<JsonElement> PostedAsync(string path, Func<string, bool> isWanted) => (await Deadline.UntilAsync(
        () => Task.FromResult(_posted.FirstOrDefault(post => post.Path == path && isWanted(post.Body.GetRawText()))), 30, $"a post to {path}")).Body;

    [GeneratedRegex("http://[^/ ]+/#/")]
    private static partial Regex HomePattern();

    [GeneratedRegex("\"dedup_key\": \"[0-9a-f]+\"")]
    private static partial Regex KeyPattern();

    private sealed record Post(string Path, JsonElement Body);
}
