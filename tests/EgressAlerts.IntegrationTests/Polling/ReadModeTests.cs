using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>What is asked for changes while the database stays: egress goes on counting, and what was never asked for is no news.</summary>
public sealed class ReadModeTests : PollerOverHttp
{
    private static readonly Dictionary<string, string> Edge = Labels("edge", "edge.shop.svc.cluster.local", "edge");
    private static readonly Dictionary<string, string> Reviews = Labels("reviews", "reviews.shop.svc.cluster.local", "reviews");
    private static readonly Dictionary<string, string> Old = Labels("unknown", "old.example.com", "PassthroughCluster");
    private static readonly Dictionary<string, string> New = Labels("unknown", "new.example.com", "PassthroughCluster");

    private readonly Store _store = Store.InMemory();
    private readonly MetricRegistry _self = new();
    private (Dictionary<string, string> Labels, int Value)[] _series = [];

    [Fact]
    public async Task Where_more_is_read_only_what_was_left_out_before_begins_with_a_baseline()
    {
        Server.Answer = AnswerAsync;
        var egress = new PollingOptions { Url = Server.Address, Read = ReadMode.Egress };
        var gateways = new TelemetryOptions { EgressGateways = ["shop/edge"] };
        Assert.Equal([], await ReadAsync(1, egress, new(), (Edge, 100), (Reviews, 500), (Old, 10)));
        Assert.Equal(["old.example.com 2"], await ReadAsync(2, egress, new(), (Edge, 103), (Reviews, 510), (Old, 12)));

        // The gateway's counter was not asked for until now. The new one was born.
        Assert.Equal(["new.example.com 7", "old.example.com 1"], await ReadAsync(3, egress, gateways, (Edge, 105), (Reviews, 520), (Old, 13), (New, 7)));
        Assert.Equal(["edge.shop.svc.cluster.local 3"], await ReadAsync(4, egress, gateways, (Edge, 108), (Reviews, 530), (Old, 13), (New, 7)));
        Assert.Equal([], Poller.Excluded.Where(sum => sum.Reason == "in_mesh"));

        // All is asked for now: what lies in the mesh is not taken for born, and what does not goes on.
        var all = egress with { Read = ReadMode.All };
        Assert.Equal(["new.example.com 2"], await ReadAsync(5, all, gateways, (Edge, 108), (Reviews, 540), (Old, 13), (New, 9)));
        Assert.Equal([], Poller.Excluded.Where(sum => sum.Reason == "in_mesh"));
        Assert.Equal(["edge.shop.svc.cluster.local 1"], await ReadAsync(6, all, gateways, (Edge, 109), (Reviews, 545), (Old, 13), (New, 9)));
        Assert.Equal(5, Assert.Single(Poller.Excluded, sum => sum.Reason == "in_mesh").Amount);

        // And back: nothing of egress is lost.
        Assert.Equal(["old.example.com 4"], await ReadAsync(7, egress, gateways, (Edge, 109), (Reviews, 600), (Old, 17), (New, 9)));
    }

    private async Task<IEnumerable<string>> ReadAsync(
        int number, PollingOptions options, TelemetryOptions telemetry, params (Dictionary<string, string> Labels, int Value)[] series)
    {
        _series = series;
        var state = _store.Read();
        Poller = new Poller(Http, options, telemetry, new PollingMetrics(_self), state, Time, Log);
        var reading = await ReadAsync(number);
        Assert.True(reading is not null, Poller.Failure);
        Assert.True(state.Commit());
        return reading.Increments.Select(increment => $"{increment.Flow.To.Key} {increment.Amount}").Order(StringComparer.Ordinal);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        var (query, at) = (form["query"].ToString(), double.Parse(form["time"].ToString(), System.Globalization.CultureInfo.InvariantCulture));
        var series = _series.Where(one => Selects(query, one.Labels)).Select(one => JsonSerializer.Serialize(
            new { metric = one.Labels, values = new[] { new object[] { at - 10, $"{one.Value}" } } }));
        await context.Response.WriteAsync(query.StartsWith("istio_requests_total{", StringComparison.Ordinal)
            ? $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{string.Join(',', series)}]}}}}"
            : Whole(query, 0));
    }

    private static bool Selects(string query, Dictionary<string, string> labels) =>
        System.Text.RegularExpressions.Regex.Matches(query, "(\\w+)(=~|!~)\"([^\"]*)\"").All(matcher =>
            System.Text.RegularExpressions.Regex.IsMatch(labels[matcher.Groups[1].Value], $@"\A(?:{matcher.Groups[3].Value})\z")
                == (matcher.Groups[2].Value == "=~"));

    private static Dictionary<string, string> Labels(string workload, string service, string name) => new()
    {
        ["__name__"] = "istio_requests_total",
        ["job"] = "envoy",
        ["instance"] = "10.0.0.1:15090",
        ["reporter"] = "source",
        ["source_workload"] = "cart",
        ["source_workload_namespace"] = "shop",
        ["destination_workload"] = workload,
        ["destination_workload_namespace"] = "shop",
        ["destination_service"] = service,
        ["destination_service_name"] = name,
        ["request_protocol"] = "http",
    };
}
