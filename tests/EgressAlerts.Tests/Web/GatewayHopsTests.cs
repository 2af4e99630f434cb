using System.Text.RegularExpressions;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class GatewayHopsTests
{
    private const string Service = "istio-egressgateway.istio-system.svc.cluster.local";
    private const string Host = "api.example.com";

    private static readonly Workload Gateway = new("istio-system", "istio-egressgateway");
    private static readonly Workload Report = new("batch", "report");
    private static readonly Workload Shop = new("shop", "web");

    [Theory]
    [InlineData(10, 0, 60, 0, 40, 0, 0.6, 0.4)] // Requests alone.
    [InlineData(0, 10, 60, 1, 40, 3, 0.25, 0.75)] // Connections are shared by connections, whatever requests there are.
    [InlineData(30, 10, 20, 0, 20, 5, 0.375, 0.625)] // Both kinds: the example of the documents.
    [InlineData(30, 10, 20, 0, 60, 0, 0.25, 0.75)] // Nobody opened connections, so the requests decide.
    [InlineData(30, 0, 0, 0, 40, 9, 0, 1)]
    public void Each_kind_is_shared_by_its_own_kind(
        double requests, double connections, double requestsOfReport, double connectionsOfReport, double requestsOfShop, double connectionsOfShop,
        double report, double shop)
    {
        var shares = HopShares.Estimate(
            new(requests, connections, 0), [(Report, new(requestsOfReport, 0, connectionsOfReport)), (Shop, new(requestsOfShop, connectionsOfShop, 0))]);
        Assert.Equal((report, shop), (Of(Report), Of(Shop)));
        Assert.Equal(shares.OrderByDescending(one => one.Share), shares);

        double Of(Workload source) => shares.Where(one => one.Source == source).Select(one => one.Share).SingleOrDefault();
    }

    [Theory]
    [InlineData(0, 0, 5, 5)] // Nothing left.
    [InlineData(5, 0, 0, 5)] // Nothing of its kind came in.
    [InlineData(5, 5, 0, 0)] // The counters of the first hop began anew, and nothing has come since.
    public void Without_a_hop_of_the_same_kind_there_is_no_estimate(double requests, double connections, double requestsIn, double connectionsIn)
    {
        Assert.Empty(HopShares.Estimate(new(requests, connections, 0), [(Report, new(requestsIn, connectionsIn, 0))]));
        Assert.Empty(HopShares.Estimate(new(requests, connections, 0), []));
    }

    [Fact]
    public void Shares_sum_to_one_whatever_comes_in()
    {
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            List<(Workload, HopAmounts)> first =
            [
                .. Enumerable.Range(0, random.Next(1, 40)).Select(at => (
                    new Workload("shop", $"w{at}"), new HopAmounts(1 + random.Next(1_000_000_000), random.Next(3), random.Next(3)))),
            ];
            var shares = HopShares.Estimate(new(1 + random.Next(1000), random.Next(1000), random.Next(1000)), first);
            Assert.Equal(1, shares.Sum(one => one.Share), 1e-9);
            Assert.Equal(first.Count, shares.Count);
        }
    }

    [Fact]
    public void The_second_hop_has_the_shares_of_the_first_and_others_have_none()
    {
        var hops = Hops([
            First(Report, 60), First(Shop, 40), Second(5), Second(2, Route.Blocked),
            Series(Metric.Requests, Shop, Host, 7, Route.Registered), Series(Metric.Requests, Shop, Service, 900, Route.Blocked),
        ]);
        var estimate = hops.Behind(Gateway, Host)!;
        Assert.Equal([new HopShare("", "batch", "report", 0.6), new HopShare("", "shop", "web", 0.4)], estimate.Workloads);
        Assert.Equal((0, 0, false), (estimate.More, estimate.MoreShare, estimate.IsIncomplete));
        Assert.Equal(estimate.Workloads, hops.Into(Gateway)!.Workloads);
        Assert.Null(hops.Behind(Shop, Host));
        Assert.Null(hops.Behind(Gateway, "other.example.com"));
        Assert.Null(hops.Into(Shop));
        Assert.Null(Hops([Second(5)]).Behind(Gateway, Host));
    }

    [Fact]
    public void The_gateway_of_a_cluster_is_entered_from_there()
    {
        Workload In(Workload workload, string cluster) => workload with { Cluster = cluster };
        var hops = Hops([
            First(In(Report, "east"), 1), First(In(Shop, "west"), 9), Second(5, gateway: In(Gateway, "east")), Second(5, gateway: In(Gateway, "west")),
        ]);
        Assert.Equal(new HopShare("east", "batch", "report", 1), Assert.Single(hops.Behind(In(Gateway, "east"), Host)!.Workloads));
        Assert.Equal(new HopShare("west", "shop", "web", 1), Assert.Single(hops.Behind(In(Gateway, "west"), Host)!.Workloads));
    }

    [Theory]
    [InlineData("egress.edge.svc.cluster.local", "edge/egress", true)]
    [InlineData("egress", "edge/egress", true)] // Mixer may leave out the domain.
    [InlineData("way-out.edge.svc.cluster.local", "edge/egress", true)] // The only gateway of its namespace.
    [InlineData("way-out.edge.svc.cluster.local", "edge/egress,edge/other", false)]
    [InlineData("other.edge.svc.cluster.local", "edge/egress,edge/other", false)]
    [InlineData("egress.edge.svc.cluster.local", "edge/egress,edge/other,prod/egress", true)]
    [InlineData("egress.prod.svc.cluster.local", "edge/egress,prod/egress", false)]
    [InlineData("api.example.com", "edge/egress", false)] // A waypoint's hop, which names the host itself.
    public void A_first_hop_belongs_to_the_gateway_of_its_service(string service, string gateways, bool isIts)
    {
        var gateway = new Workload("edge", "egress");
        var hops = Hops([Series(Metric.Requests, Shop, service, 1, Route.Gateway), Second(1, gateway: gateway)], gateways.Split(','));
        Assert.Equal(isIts, hops.Behind(gateway, Host) is not null);
    }

    [Fact]
    public void Ten_are_named_the_rest_is_summed_and_an_overflow_is_told()
    {
        var estimate = Hops([
            .. Enumerable.Range(1, 12).Select(i => First(new("shop", $"w{i:00}"), i)), Second(1),
            Series(Metric.Requests, Shop, LabelValues.Overflow, 1, Route.Gateway),
        ]).Behind(Gateway, Host)!;
        Assert.Equal(Enumerable.Range(3, 10).Reverse().Select(i => $"w{i:00}"), estimate.Workloads.Select(one => one.SourceWorkload));
        Assert.Equal(2, estimate.More);
        Assert.Equal(3 / 78.0, estimate.MoreShare, 1e-12);
        Assert.True(estimate.IsIncomplete);
    }

    [Fact]
    public void Findings_about_a_gateway_name_the_three_with_the_largest_shares()
    {
        var counters = Snapshot([First(Report, 60), .. Enumerable.Range(1, 4).Select(i => First(new("shop", $"w{i}"), 10)), Second(5)]);
        var about = new Finding(
            "EgressNewDestination", "warning", Gateway, Host, Samples.Start, "s", "d", NameSource.Registry, Confirmed: true, "up");
        const string text = "Estimated: behind this gateway, by share of the first hop: batch/report 60 %, shop/w1 10 %, shop/w2 10 %, and 2 more.";
        List<Finding> all = [about, about with { Destination = "" }, about with { Destination = "not-counted-yet.example.com" }, about with { Source = Shop }];
        var findings = GatewayFindings.Explained(all, counters, new());
        Assert.Equal([text, text, text, ""], findings.Select(finding => finding.Behind));
        List<Finding> others = [about with { Source = Shop }];
        Assert.Same(others, GatewayFindings.Explained(others, counters, new()));
        Assert.Equal("", GatewayFindings.Explained([about], Snapshot([Second(5)]), new())[0].Behind);
    }

    [Fact]
    public async Task The_pages_say_the_shares_and_that_they_are_an_estimate()
    {
        var hops = Hops([.. Enumerable.Range(1, 11).Select(i => First(new("shop", $"w{i:00}"), 10)), First(Report, 90), Second(5)]);
        var about = new DestinationRow(Host, "registry", true, "", "", "", "", 1, 1, 0, 1, 1, null, null);
        var row = new PairRow("", Gateway.Namespace, Gateway.Name, Host, "registry", true, "", ["443"], ["registered"], "habit", 1, 0, 1, 1, null, null, []);
        var html = Plain(await Rendered.PageAsync<DestinationPage, DestinationModel>(
            new(null, about, [], [], "upload", "24 h", [], new([row with { Behind = hops.Behind(Gateway, Host) }], 1, 1, 1)), "destinations/x"));
        Assert.Contains("Estimated: behind this gateway, by share of the first hop: batch/report 45 %, shop/w01 5 %, shop/w02", html, StringComparison.Ordinal);
        Assert.Contains("shop/w09 5 %, 2 more together 10 %", html, StringComparison.Ordinal);
        Assert.Contains(HopEstimate.Why, html, StringComparison.Ordinal);
        Assert.DoesNotContain(HopEstimate.Why, await PageOf(row), StringComparison.Ordinal);

        async Task<string> PageOf(PairRow one) => Plain(await Rendered.PageAsync<DestinationPage, DestinationModel>(
            new(null, about, [], [], "upload", "24 h", [], new([one], 1, 1, 1)), "destinations/x"));
    }

    [Fact]
    public async Task The_page_of_a_gateway_says_who_enters_it()
    {
        var model = new WorkloadModel(
            null, "", [], Gateway.Namespace, Gateway.Name, null, new("24 h", "7 d"), null, null, null, [], "", "upload", "24 h", [], new([], 0, 1, 1));
        Assert.DoesNotContain("Who enters this gateway", await PageAsync(model), StringComparison.Ordinal);
        var html = await PageAsync(model with { FirstHops = Hops([First(Report, 3), First(Shop, 1)]).Into(Gateway) });
        Assert.Contains("Who enters this gateway", html, StringComparison.Ordinal);
        Assert.Contains("By share of the requests and connections of the first hop: batch/report 75 %, shop/web 25 %", html, StringComparison.Ordinal);

        static async Task<string> PageAsync(WorkloadModel model) => Plain(await Rendered.PageAsync<WorkloadPage, WorkloadModel>(model, "workloads/x"));
    }

    /// <summary>The words of a page, without markup.</summary>
    private static string Plain(string html) => Regex.Replace(Regex.Replace(html, "<[^>]*>", ""), @"\s+", " ").Replace(" ,", ",", StringComparison.Ordinal);

    private static GatewayHops Hops(List<ExportedSeries> series, params string[] gateways) => new(
        gateways.Length == 0 ? new() : new TelemetryOptions { EgressGateways = gateways },
        new Traffic(Snapshot(series)));

    private static CounterSnapshot Snapshot(List<ExportedSeries> series) =>
        new(Samples.Window(1), series, [], new Totals(), [], new Totals(), new BudgetReport(0, 0, 0, 0, 0, 0, 0, 0, 0));

    private static ExportedSeries First(Workload source, double requests) => Series(Metric.Requests, source, Service, requests, Route.Gateway);

    private static ExportedSeries Second(double requests, Route route = Route.Registered, Workload? gateway = null) =>
        Series(Metric.Requests, gateway ?? Gateway, Host, requests, route);

    private static ExportedSeries Series(Metric metric, Workload source, string destination, double value, Route route) =>
        new(new CounterSeries(new SeriesKey(metric, source, destination, "443", route, Protocol.Http)), value);
}
