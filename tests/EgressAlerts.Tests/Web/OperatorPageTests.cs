using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Doctor;
using EgressAlerts.Explain;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Tests.Host;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

/// <summary>What the pages about policies, explanations, the service and its configuration show.</summary>
public sealed class OperatorPageTests
{
    private const string Hostile = "<script>alert(1)</script>\u202e";
    private const string Harmless = "&lt;script&gt;alert(1)&lt;/script&gt;";

    [Fact]
    public async Task Policies_show_their_conditions_in_words_and_what_they_matched()
    {
        var policy = new Policy(
            "stripe", PolicyAction.Allow, "warning",
            new() { Namespaces = [new("shop"), new("team-*")], Labels = new Dictionary<string, string> { ["source_version"] = "v2", ["app"] = "x" } },
            new() { Names = [new("*.stripe.com")], Ports = ["443"], Routes = [Route.Blocked, Route.Passthrough] });
        var conditions = PolicyPages.Conditions(policy);
        Assert.Equal(
            [
                "the namespace is shop or team-*",
                "all of these labels are there: source_version=v2, app=x",
                "the verified name is *.stripe.com",
                "the port is 443",
                "the route is blocked or passthrough",
            ],
            conditions);
        var html = await Rendered.PageAsync<PoliciesPage, PoliciesModel>(new(Rendered.Now, [
            new("stripe", "allow", "", conditions, 1234, Rendered.Now.AddMinutes(-3), 3, Rendered.Now.AddHours(-1), "shop/cart", Hostile),
            new("last", "forbid", "critical", [], 0, null, 0, null, "", "")
            {
                State = "shadowed",
                Reason = Hostile,
                Owner = Hostile,
                Until = Rendered.Now.AddDays(1),
                File = Hostile,
            },
        ]));
        Assert.Contains("1,234", html, StringComparison.Ordinal);
        Assert.Contains("3 min ago", html, StringComparison.Ordinal);
        Assert.Contains("All conditions were met 3 times, but nobody vouched for the name.", html, StringComparison.Ordinal);
        Assert.Contains("never matched", html, StringComparison.Ordinal);
        Assert.Contains(">shadowed</span>", html, StringComparison.Ordinal);
        Assert.Contains("none: all traffic that the mesh lets out", html, StringComparison.Ordinal);
        IsText(html);
    }

    [Fact]
    public async Task An_explanation_is_shown_below_the_form_that_asked_for_it()
    {
        var asked = new ExplainArguments("shop/cart", Hostile, "52.0.0.1", "443", "", "");
        var form = await Rendered.PageAsync<ExplainPage, ExplainModel>(new(asked, null));
        Assert.Contains($"value=\"{Harmless}", form, StringComparison.Ordinal);
        Assert.DoesNotContain("<h2>", form, StringComparison.Ordinal);

        var detection = Detection.Timeline.New(new() { Policies = [new(Hostile, PolicyAction.Forbid, "critical", new(), new())] }).Explain(
            Samples.Flow("52.0.0.1"), new Destination(Hostile, NameSource.Sni, false), null, LearningExplanation.None, Rendered.Now);
        var answer = new Explanation(
            "shop/cart", "52.0.0.1", "443", "passthrough", Hostile, "sni", false, false, Hostile, "AS1", "DE", "x", "x", "", [new("sni", true, Hostile)],
            [new($"A {Hostile}", "no answer yet")], detection);
        var html = await Rendered.PageAsync<ExplainPage, ExplainModel>(new(asked, answer));
        Assert.Contains("DNS has not said all yet", html, StringComparison.Ordinal);
        Assert.Contains("Nothing is known here of this workload.", html, StringComparison.Ordinal);
        Assert.Contains("settings</summary>", html, StringComparison.Ordinal);
        Assert.Contains(">decides</span>", html, StringComparison.Ordinal);
        IsText(html);
    }

    [Fact]
    public async Task The_configuration_is_shown_by_section_with_defaults_in_grey()
    {
        var html = await Rendered.PageAsync<ConfigPage, ConfigModel>(new("a.yml", Rendered.Now.AddHours(-1), $"a.yml:3: {Hostile}", [
            new("dns.timeout", "2s", IsDefault: true),
            new("policies[0].name", Hostile, IsDefault: false),
            new("alerting.external_url", "", IsDefault: true),
        ]));
        Assert.Contains("The last reload was refused", html, StringComparison.Ordinal);
        Assert.Contains("<h2 id=\"policies\">", html, StringComparison.Ordinal);
        Assert.Contains("<tr class=\"muted\"><td><code>dns.timeout</code>", html, StringComparison.Ordinal);
        Assert.Contains("(empty)", html, StringComparison.Ordinal);
        IsText(html);
    }

    [Fact]
    public async Task The_status_says_what_works_what_does_not_and_what_mends_it()
    {
        var now = Rendered.Now;
        var model = new StatusModel(
            "0.1.0", "a.yml", true, now.AddDays(-1), now.AddSeconds(-40), $"connection: {Hostile}", [Hostile], 120, 10_000, 33, 4,
            [new NameServerStatus("10.96.0.10:53", now.AddMinutes(-2), $"timeout {Hostile}"), new NameServerStatus("10.96.0.11:53", null, "")],
            [new ConfigurationLoad(now, "0.1.0", Hostile), new ConfigurationLoad(now.AddHours(-1), "0.1.0", "")],
            new TelemetryReport(
                [new MetricCoverage("istio_requests_total", 5, new Dictionary<string, double> { ["address"] = 62.5 })],
                [new TelemetryWarning("without_up", Hostile, "scrape up")]),
            [new QueryTime("istio_requests_total{}[60s]", 0.25, ""), new QueryTime("up", 1, Hostile)],
            [new QueryParts("istio_requests_total", 4)],
            [
                new AlertmanagerStatus("http://am-0:9093", now.AddMinutes(-1), null, "", 0),
                new AlertmanagerStatus("http://am-1:9093", now.AddMinutes(-9), now.AddMinutes(-1), Hostile, 7),
                new AlertmanagerStatus("http://am-2:9093", null, null, "", 0),
            ],
            [new FileStatus("/lists/drop.txt", now.AddDays(-2), false, Hostile), new FileStatus("/lists/gone.txt", null, true, "")],
            [
                new EgressAlerts.Registry.KindStatus("service_entry", true, 1_234, 2, now.AddMinutes(-3), null, ""),
                new EgressAlerts.Registry.KindStatus("sidecar", false, 0, 0, null, now.AddMinutes(-1), Hostile),
            ],
            new StorageStatus("data/egress-alerts.db", 3 << 20, now.AddMinutes(-30)), 2, 1,
            [
                new CheckRow("telemetry", "without_up", "warn", Hostile, $"up {Hostile}", "scrape up"),
                new CheckRow("telemetry", "mangled_names", "ok", "all is well", "", ""),
            ]);
        var html = await Rendered.PageAsync<StatusPage, StatusModel>(model);
        foreach (var expected in (string[])
            [
                "The current window cannot be read", "40 s ago", "120 of at most 10,000", "1 increments", "2 are held back", "3 MiB", "30 min ago",
                "0.250 s", "is read with 4 queries in each window", "62.5 %", "scrape up", "<code>without_up</code>", "<code>mangled_names</code>: all is well",
                "istio/telemetry.yaml\"", ">rests</span>", "1 of 3 took what was sent last", ">fails</span>",
                "nothing sent yet", "there is no such file", "1,234 known", "2 that cannot be read", ">not watched</span>",
                ">refused</span>", "id=\"dns\"", "id=\"telemetry\"", "id=\"configuration\"",
            ])
        {
            Assert.Contains(expected, html, StringComparison.Ordinal);
        }

        IsText(html);
    }

    private static void IsText(string html)
    {
        Assert.Contains(Harmless, html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
    }
}
