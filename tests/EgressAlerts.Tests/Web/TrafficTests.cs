using EgressAlerts.Alerting;
using EgressAlerts.Model;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class TrafficTests
{
    private static readonly Destination Stripe = new("api.stripe.com", NameSource.Registry, Confirmed: true, Domain: "stripe.com");

    [Fact]
    public void Counters_are_summed_by_pair_and_what_shows_as_zero_counts_too()
    {
        var traffic = new Traffic(Snapshot(
            [Series(Metric.UploadBytes, 100), Series(Metric.UploadBytes, 50, port: "8443"),
                Series(Metric.Requests, 3), Series(Metric.Requests, 2, Route.Blocked)],
            [Series(Metric.DownloadBytes, 7)]));
        var pair = Assert.Single(traffic.Of(Samples.Cart));
        Assert.Equal((150, 7, 3, 2), (pair.Upload, pair.Download, pair.Contacts, pair.Refused));
        Assert.Equal(["443", "8443"], pair.Ports);
        Assert.Equal(5, pair.Routes.Values.Sum());
        Assert.Same(pair, Assert.Single(traffic.Of("api.stripe.com")));
        Assert.Equal("stripe.com", traffic.Find("api.stripe.com").Domain);
        Assert.Equal(NameSource.Unknown, traffic.Find(LabelValues.Overflow).Source);
        Assert.Empty(traffic.Of("nobody.example.com"));
    }

    [Theory]
    [InlineData("habit", -48, 1, 0, false)]
    [InlineData("new", -1, 1, 0, false)]
    [InlineData("allowed", -1, 1, 0, true)]
    [InlineData("blocked", -1, 0, 1, true)]
    public void A_pair_has_one_state(string state, int firstHour, int contacts, int refused, bool isAllowed)
    {
        var pair = new PairTraffic(Samples.Cart, "api.stripe.com");
        if (contacts > 0) pair.Add(Series(Metric.Requests, contacts).Key, contacts);
        if (refused > 0) pair.Add(Series(Metric.Requests, refused, Route.Blocked).Key, refused);
        var now = Rendered.Now;
        Assert.Equal(state, PairRows.State(pair, new(now.AddHours(firstHour), now), now.AddDays(-30), [], isAllowed, now));
        Assert.Equal(
            "forbidden",
            PairRows.State(pair, new(now, now), now.AddDays(-30), [Alert("EgressForbidden", "api.stripe.com")], isAllowed, now));
        if (refused == 0 && !isAllowed) Assert.Equal("learning", PairRows.State(pair, new(now, now), null, [], isAllowed, now));
    }

    [Fact]
    public async Task Text_from_the_network_stays_text()
    {
        string[] hostile = ["<script>alert(1)</script>", "\u202egro.elpmaxe", new string('a', 253), "a\"><img src=x onerror=alert(1)>"];
        foreach (var name in hostile)
        {
            var about = new DestinationRow(name, "host", false, name, name, name, name, 1, 1, 0, 1, 1, null, null);
            var row = new PairRow("", "shop", name, name, "host", false, name, ["443"], ["passthrough"], "new", 1, 0, 1, 1, null, null, [1, 2]);
            var html = await Rendered.PageAsync<DestinationPage, DestinationModel>(
                new(null, about, [], [], "upload", "24 h", [], new([row], 1, 1, 1)), "destinations/x");
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
            Assert.Contains("<bdi>", html, StringComparison.Ordinal);
        }
    }

    private static ExportedSeries Series(Metric metric, double value, Route route = Route.Registered, string port = "443") =>
        new(new CounterSeries(new SeriesKey(metric, Samples.Cart, "api.stripe.com", port, route, Protocol.Http)), value);

    private static CounterSnapshot Snapshot(List<ExportedSeries> series, List<ExportedSeries> shownAsZero) =>
        new(Samples.Window(1), series, [Stripe], new Totals(), shownAsZero, new Totals(), new BudgetReport(0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static Alert Alert(string name, string destination) => new(
        "f",
        new Dictionary<string, string>
        {
            ["alertname"] = name,
            ["severity"] = "warning",
            ["source_workload_namespace"] = "shop",
            ["source_workload"] = "cart",
            ["destination"] = destination,
        },
        new Dictionary<string, string>(),
        Rendered.Now,
        null,
        "");
}
