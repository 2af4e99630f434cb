using EgressAlerts.Alerting;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class AlertPageTests
{
    [Fact]
    public async Task The_page_of_an_alert_says_what_was_seen_and_what_to_do()
    {
        var sources = AlertSamples.Sources(AlertSamples.Blocked) with
        {
            Window = AlertSamples.Window("vps-99.hoster.example.net", ("report", 10), ("cart", 2048), ("web", 4096)),
            History = AlertSamples.History((asked, _) => new([new(new Dictionary<string, string>(), [new(asked.End.AddMinutes(-55), 7)])], "")),
            Settings = new Settings
            {
                Prometheus = new() { ExternalUrl = new("https://prometheus.example.com/p/") },
                Alerting = new() { AlertmanagerExternalUrl = new("https://alertmanager.example.com") },
            },
        };
        var model = await LoadAsync("EgressBlocked", sources);
        Assert.Equal(("firing", "detection.blocked.severity"), (model.Alert.State, model.LimitKey));
        Assert.Equal(("141.95.34.99", "4444", "DE"), (model.Destination!.Address, model.Destination.Port, model.Destination.Region));
        Assert.Equal(["web", "cart"], model.Others!.Workloads.Select(other => other.SourceWorkload));
        Assert.Equal(7, model.Traffic!.Values.Max());
        Assert.StartsWith("https://prometheus.example.com/p/graph?g0.expr=up%7Bjob%3D%22a%22%7D&g0.tab=0", model.Evidence[0].Url, StringComparison.Ordinal);

        var html = await Rendered.PageAsync<AlertPage, AlertModel>(model, "alerts/EgressBlocked");
        Assert.Contains("<h1>The mesh refused to let traffic out.</h1>", html, StringComparison.Ordinal);
        Assert.Contains("kind: ServiceEntry", html, StringComparison.Ordinal);
        Assert.Contains("kind: NetworkPolicy", html, StringComparison.Ordinal);
        Assert.Contains("amtool silence add", html, StringComparison.Ordinal);
        Assert.Contains("https://alertmanager.example.com/#/silences/new?filter=", html, StringComparison.Ordinal);
        Assert.Contains("<rect class=\"bar\"", html, StringComparison.Ordinal);
        Assert.Contains("kubectl -n batch get pods -l app=report", html, StringComparison.Ordinal); // The runbook, filled in.
        Assert.Contains("about port <code>4444</code> and protocol <code>tcp</code>", html, StringComparison.Ordinal);
        Assert.DoesNotContain(" style=", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_from_the_network_stays_text()
    {
        const string text = AlertSamples.Hostile;
        var alert = AlertSamples.Of(
            "EgressBlocked", text, text, text, "warning", "f",
            annotations: [("summary", text), ("description", text), ("evidence", text), ("claimed_name", text)]);
        var sources = AlertSamples.Sources(alert, AlertSamples.Of("EgressForbidden", text, text, text)) with
        {
            Window = AlertSamples.Window(text, (text, 1), ("web", 2)),
        };
        var html = await Rendered.PageAsync<AlertPage, AlertModel>(await LoadAsync("f", sources), "alerts/f");
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);

        html = await Rendered.PageAsync<AlertsPage, AlertsModel>(List("", sources), "alerts");
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_that_has_resolved_has_its_page_with_each_time_that_it_fired()
    {
        var day = Rendered.Now.AddDays(-1);
        var later = AlertSamples.Of("EgressProbing", startsAt: day, resolvedAt: day.AddHours(1));
        var model = await LoadAsync("EgressProbing", AlertSamples.Sources(later with { StartsAt = day.AddDays(-1), ResolvedAt = day.AddHours(-23) }, later));
        Assert.Equal(("resolved", day, 2), (model.Alert.State, model.Alert.StartsAt, model.Times.Count));
        Assert.Equal((day.AddHours(-3), day.AddMinutes(95)), (model.Traffic!.Start, model.Traffic.End));
        Assert.Null(model.Others);
        var html = await Rendered.PageAsync<AlertPage, AlertModel>(model, "alerts/EgressProbing");
        Assert.Contains("Prometheus has no history of this traffic", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_says_why_Prometheus_gives_no_history()
    {
        var sources = AlertSamples.Sources(AlertSamples.Blocked) with { History = AlertSamples.History((_, _) => HistoryAnswer.Failed("it sleeps")) };
        var html = await Rendered.PageAsync<AlertPage, AlertModel>(await LoadAsync("EgressBlocked", sources), "alerts/EgressBlocked");
        Assert.Contains("Prometheus gives no history: it sleeps", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_alert_that_is_held_back_has_its_page_and_an_unknown_one_says_where_to_look()
    {
        var sources = AlertSamples.Sources() with { HeldBack = [AlertSamples.Blocked] };
        Assert.Equal("held_back", (await LoadAsync("EgressBlocked", sources)).Alert.State);
        var missing = await AlertView.LoadAsync("0123456789abcdef", sources, Rendered.Now, CancellationToken.None);
        Assert.Null(missing.Model);
        Assert.StartsWith("There is no alert with this fingerprint", missing.Missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_names_the_entry_that_let_the_traffic_out()
    {
        var alert = AlertSamples.Of("EgressUploadSpike", "shop", "cart", destination: "api.stripe.com");
        var model = await LoadAsync("EgressUploadSpike", AlertSamples.Sources(alert) with { Uses = EntryPageTests.Uses });
        Assert.Equal("shop/stripe", Assert.Single(model.Destination!.Entries));
        var html = await Rendered.PageAsync<AlertPage, AlertModel>(model, "alerts/EgressUploadSpike");
        Assert.Contains("href=\"../entries?namespace=shop#shop%2Fstripe\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_watchdog_has_a_page_without_workload_and_traffic()
    {
        var model = await LoadAsync("EgressAlertsWatchdog", AlertSamples.Sources(AlertSamples.Of("EgressAlertsWatchdog", "", "", severity: "info")));
        Assert.Equal((null, null, 0), (model.Traffic, model.Destination, model.Remedies.Block.Count));
        Assert.Contains("always fire", await Rendered.PageAsync<AlertPage, AlertModel>(model, "alerts/x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EgressBlocked", "a.example.com", "false", ",destination=\"a.example.com\",route=\"blocked\"")]
    [InlineData("EgressBeaconing", "a.example.com", "false", ",destination=\"a.example.com\"")]
    [InlineData("EgressUploadSpike", "stripe.com", "true", ",destination=~\"(.+[.])?stripe[.]com\"")]
    [InlineData("EgressUploadSpike", "AS16509", "false", "")]
    [InlineData("EgressProbing", "", "false", "")]
    public void The_traffic_is_that_of_the_workload_and_of_the_destination_where_counters_have_it(
        string name, string destination, string confirmed, string to) =>
        Assert.Equal(
            "source_workload_namespace=\"batch\",source_workload=\"report\"" + to,
            AlertMatchers.Of(AlertSamples.Of(name, destination: destination, annotations: [("confirmed", confirmed)]), []));

    [Fact]
    public void The_traffic_of_a_group_is_that_of_its_members() => Assert.Equal(
        "source_workload_namespace=~\"ci\",source_workload=~\"build-.*\"",
        AlertMatchers.Of(
            AlertSamples.Of("EgressProbing", "ci", "build"), [new(WorkloadPattern.Parse("ci/build-*")!.Value, new Workload("ci", "build"))]));

    [Theory]
    [InlineData("", "a cart critical, b cart info, c web warning, d  info")]
    [InlineData("?severity=info", "b cart info, d  info")]
    [InlineData("?workload=web", "c web warning")]
    [InlineData("?namespace=nowhere", "")]
    [InlineData("?alertname=b&severity=", "b cart info")]
    [InlineData("?state=resolved", "e web warning")]
    [InlineData("?state=held_back", "f web warning")]
    public void The_list_is_grouped_by_workload_with_the_worst_first(string query, string expected)
    {
        var model = List(query, Several());
        Assert.Equal(expected, string.Join(", ", model.Alerts.Rows.Select(row => $"{row.Alertname} {row.SourceWorkload} {row.Severity}")));
        Assert.Equal(new AlertCounts(4, 1, 1), model.Counts);
    }

    [Fact]
    public async Task A_long_list_comes_in_pages_of_a_hundred()
    {
        var alerts = Enumerable.Range(0, 10_000).Select(i => AlertSamples.Of("EgressBlocked", fingerprint: $"{i}", workload: $"w{i}"));
        var model = List("?page=2", AlertSamples.Sources([.. alerts]));
        Assert.Equal((100, 2, 100, 10_000), (model.Alerts.Rows.Count, model.Alerts.Page, model.Alerts.Pages, model.Alerts.Total));
        Assert.InRange((await Rendered.PageAsync<AlertsPage, AlertsModel>(model, "alerts")).Length, 1_000, 200_000);
    }

    [Theory]
    [InlineData("?state=fired", "state is none of firing, held_back, resolved.")]
    [InlineData("?foo=bar", "There is no argument 'foo' here. Known arguments: alertname, cluster, destination, namespace, page, severity, state, workload.")]
    public void An_argument_that_is_not_understood_is_refused(string query, string complaint)
    {
        var arguments = Rendered.Arguments(query);
        AlertsView.Load(arguments, Several());
        Assert.Equal(complaint, arguments.Complaint);
    }

    private static AlertSources Several() => AlertSamples.Sources(
        AlertSamples.Of("b", "shop", "cart", severity: "info"),
        AlertSamples.Of("c", "shop", "web"),
        AlertSamples.Of("a", "shop", "cart", severity: "critical"),
        AlertSamples.Of("d", "", "", severity: "info"),
        AlertSamples.Of("e", "shop", "web", resolvedAt: Rendered.Now)) with
    { HeldBack = [AlertSamples.Of("f", "shop", "web")] };

    private static AlertsModel List(string query, AlertSources sources) => AlertsView.Load(Rendered.Arguments(query), sources).Model!;

    private static async Task<AlertModel> LoadAsync(string fingerprint, AlertSources sources) =>
        (await AlertView.LoadAsync(fingerprint, sources, Rendered.Now, CancellationToken.None)).Model!;
}
