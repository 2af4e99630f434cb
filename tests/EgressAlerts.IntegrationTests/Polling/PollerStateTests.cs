using EgressAlerts.Common;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>Counters that the database has lost, and those that it brings back.</summary>
public sealed class PollerStateTests : PollerOverHttp
{
    [Theory]
    [InlineData("UPDATE raw_counter SET anchors = x'00'", 4)]
    [InlineData("DELETE FROM raw_counter", 4)]
    [InlineData("UPDATE cell SET state = '{' WHERE name = 'raw_counters'", 4)]
    [InlineData("UPDATE raw_series SET hashes = x'00'", 0)]
    public async Task Where_counters_were_lost_what_is_unknown_is_a_baseline_in_the_next_window_and_counts_from_there(string damage, double excluded)
    {
        using var store = Store.InMemory();
        var options = new PollingOptions { Url = Server.Address, Read = ReadMode.All };
        var state = store.Read();
        Poller New() => new(Http, options, new TelemetryOptions(), new PollingMetrics(new()), state, Time, Log);
        Poller = New();
        Server.Answer = Good(2);
        await ReadAsync(0);
        await ReadAsync(1);
        await ReadAsync(2);
        Assert.True(state.Commit());

        using (var command = store.Connection.CreateCommand())
        {
            command.CommandText = damage;
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        state = store.Read();
        Poller = New();
        var before = Excluded();
        Server.Answer = Good(4);
        var reading = (await ReadAsync(3))!;
        Assert.Equal(excluded > 0 ? 0 : 2, reading.Increments.Sum(increment => increment.Amount));
        Assert.Equal(excluded, Excluded() - before);
        Assert.True(state.Commit());

        state = store.Read();
        Poller = New();
        Server.Answer = Good(9);
        Assert.Equal(5, Assert.Single((await ReadAsync(4))!.Increments).Amount);

        double Excluded() => Poller.Excluded.Where(sum => sum.Reason == "baseline").Sum(sum => sum.Amount);
    }

    [Fact]
    public async Task After_a_restart_the_number_of_series_is_that_of_series_and_not_of_counters()
    {
        using var store = Store.InMemory();
        var state = store.Read();
        Poller = new(
            Http, new PollingOptions { Url = Server.Address, Read = ReadMode.All }, new TelemetryOptions(), new PollingMetrics(new()), state, Time, Log);

        // A label of the target has changed: one counter goes on as another series.
        Server.Answer = async context =>
        {
            var query = await QueryAsync(context);
            var series = new[] { 1, 2 }.Select(version => $$$"""
                {"metric":{"__name__":"istio_requests_total","job":"envoy","version":"{{{version}}}","reporter":"source","source_workload":"a",
                "destination_service_name":"PassthroughCluster","destination_service":"example.com"},"values":[[{{{Noon.ToUnixTimeSeconds() - 5}}},"5"]]}
                """);
            await context.Response.WriteAsync(query.StartsWith("istio_requests_total", StringComparison.Ordinal)
                ? Nothing.Replace("[]", $"[{string.Join(',', series)}]", StringComparison.Ordinal)
                : Whole(query, 5).Replace("\"instance\"", "\"version\":\"2\",\"instance\"", StringComparison.Ordinal));
        };
        Assert.NotNull(await ReadAsync(0));
        Assert.True(state.Commit());
        var metrics = new MetricRegistry();
        _ = new Poller(
            Http, new PollingOptions { Url = Server.Address, Read = ReadMode.All }, new TelemetryOptions(), new PollingMetrics(metrics), store.Read(), Time,
            Log);
        Assert.Equal(2, metrics.Sum("egress_alerts_raw_series"));
    }
}
