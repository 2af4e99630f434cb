using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Past;
using EgressAlerts.Registry;
using EgressAlerts.Replays;
using PolicyAction = EgressAlerts.Detection.PolicyAction;

namespace EgressAlerts.Tests.Proposals;

/// <summary>Each flow has one fate, and together the fates are all traffic.</summary>
public sealed class ReplayerTests
{
    private const string Stripe = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata: {name: stripe, namespace: shop}
        spec: {hosts: [api.stripe.com], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS, exportTo: ["."]}
        """;

    private readonly PastBook _book = new PastBook()
        .Use("shop/cart", "api.stripe.com", "443/tcp", contacts: 80)
        .Use("shop/cart", "hooks.example.com", "443/tcp", contacts: 10)
        .Use("shop/report", "hooks.example.com", "443/tcp", contacts: 5)
        .Use("shop/report", "unknown", "/tcp", NameSource.Unknown, confirmed: false, contacts: 5)
        .Use("shop/report", "evil.example.org", "443/tcp", confirmed: false, contacts: 7)
        .Use("shop/report", "pastebin.example.org", "80/http", NameSource.Host, route: Route.Blocked, contacts: 3);

    [Fact]
    public void Each_flow_has_the_fate_that_the_mesh_the_policies_and_today_give_it()
    {
        var report = Replay();
        Assert.Equal([("hooks.example.com", 15.0)], report.Refused.Select(row => (row.Destination, row.Connections)));
        Assert.Equal(["cart", "report"], report.Refused[0].Workloads);
        Assert.Equal(["unknown"], report.Unknown.Select(row => row.Destination));
        Assert.Equal(["evil.example.org"], report.Forbidden.Select(row => row.Destination));
        Assert.Contains("The policy no-evil forbids it too.", report.Forbidden[0].Why, StringComparison.Ordinal);
        Assert.Equal(["pastebin.example.org"], report.StillBlocked.Select(row => row.Destination));
        Assert.Empty(report.Unblocked);
    }

    [Fact]
    public void The_share_leaves_out_what_is_refused_today_and_what_is_forbidden() => Assert.Equal(0.8, Replay().Share);

    [Fact]
    public void The_fates_together_are_all_traffic()
    {
        var report = Replay();
        var sums = report.Sums;
        var all = new[] { sums.Passes, sums.Refused, sums.Unknown, sums.Forbidden, sums.StillBlocked, sums.Unblocked };
        foreach (var metric in Enum.GetValues<Metric>()) Assert.Equal(report.Totals[metric], all.Sum(one => one[metric]));
        Assert.Equal(107 + 3, report.Totals.Opened + report.Totals.Requests);
    }

    [Fact]
    public void What_the_mesh_refuses_today_can_pass_with_a_candidate()
    {
        var entry = Stripe.Replace("api.stripe.com", "pastebin.example.org", StringComparison.Ordinal)
            .Replace("number: 443, name: tls, protocol: TLS", "number: 80, name: http, protocol: HTTP", StringComparison.Ordinal);
        Assert.Equal(["pastebin.example.org"], Replay(entry).Unblocked.Select(row => row.Destination));
    }

    [Fact]
    public void The_text_says_what_breaks_and_shows_the_sums()
    {
        var text = ReplayText.Of(Replay());
        Assert.Contains("80 % of the wanted requests and connections would pass.\n", text, StringComparison.Ordinal);
        Assert.Contains("\nWould be refused, and breaks what works today (1):\n\n  shop -> hooks.example.com 443/tcp\n", text, StringComparison.Ordinal);
        Assert.Contains("15 connections, 15 KiB out, 30 KiB in, last on 2026-11-08, by cart, report\n", text, StringComparison.Ordinal);
        Assert.Matches("\nall +3 +107 ", text);
        Assert.DoesNotContain('\r', text);
    }

    private ReplayReport Replay(string entries = Stripe)
    {
        var registry = MeshRegistry.Parse("entries", new StringReader(entries));
        var policy = new Policy("no-evil", PolicyAction.Forbid, "warning", new(), new() { Names = [new("evil.example.org")] });
        var replayer = new Replayer(
            new Door(registry, MeshMode.Sidecar, registryOnly: true), PastKnowledge.None, new PolicyVerdicts([policy], PastBook.Span.End));
        return replayer.Replay(_book.Traffic, "REGISTRY_ONLY", "");
    }
}
