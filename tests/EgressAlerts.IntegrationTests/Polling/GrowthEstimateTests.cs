using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>The server is asked every so often what grew by how much, and no window depends on its answers.</summary>
public sealed class GrowthEstimateTests : PollerOverHttp
{
    private const string Refused = """{"status":"error","errorType":"422","error":"the number of timeseries exceeds 3; see -search.maxUniqueTimeseries"}""";

    private readonly Store _store = Store.InMemory();
    private readonly MetricRegistry _self = new();
    private readonly List<(string Query, double At)> _asked = [];
    private StoredState _state = null!;
    private bool _refuses;

    [Fact]
    public async Task What_is_read_is_asked_for_every_five_minutes_and_what_is_not_every_fifteen_one_metric_after_the_other()
    {
        Start(ReadMode.Egress);
        for (var window = 0; window < 14; window++) await ReadsAsync(window);
        Assert.Empty(_asked); // Samples of the first five minutes may still come.
        Assert.Equal([0, 0, 0, 0, 0], NotRead());
        await ReadsAsync(14);
        Assert.Equal(2 * 8, _asked.Count); // Four selectors of what is read and four of the rest, of two metrics.
        for (var window = 15; window < 24; window++) await ReadsAsync(window);
        Assert.Equal(7 * 8, _asked.Distinct().Count());
        Assert.Equal(7 * 8, _asked.Count);
        Assert.All(_asked, asked => Assert.Equal(Noon.AddMinutes(5).ToUnixTimeSeconds(), asked.At));
        Assert.All(_asked, asked => Assert.EndsWith("[300000ms]))", asked.Query, StringComparison.Ordinal));

        // Each query was answered with 3. Two of Istio's metrics have what was uploaded.
        Assert.Equal((12, 24, 12), (Poller.Expected[Metric.Requests], Poller.Expected[Metric.UploadBytes], Poller.Expected[Metric.ConnectionsClosed]));
        Assert.Equal([12, 12, 12, 24, 24], NotRead());

        // After a restart nothing is asked twice, and nothing is left out.
        _asked.Clear();
        Start(ReadMode.Egress);
        Assert.Equal(12, Poller.Expected[Metric.Requests]);
        await ReadsAsync(24);
        Assert.Equal(2 * 4, _asked.Count);
        Assert.All(_asked, asked => Assert.Equal(Noon.AddMinutes(10).ToUnixTimeSeconds(), asked.At));
        Assert.Equal(24, Poller.Expected[Metric.Requests]);

        // A sum over what is not read is dear, so after the first one there are 15 minutes in each.
        for (var window = 25; window < 44; window++) await ReadsAsync(window);
        Assert.Equal([12, 12, 12, 24, 24], NotRead());
        _asked.Clear();
        await ReadsAsync(44);
        var notRead = _asked.Where(asked => asked.Query.EndsWith("[900000ms]))", StringComparison.Ordinal)).ToList();
        Assert.Equal(2 * 4, notRead.Count);
        Assert.All(notRead, asked => Assert.Equal(Noon.AddMinutes(20).ToUnixTimeSeconds(), asked.At));

        // An hour at most is made up for.
        _asked.Clear();
        await ReadsAsync(1200);
        Assert.Equal(Noon.AddHours(10).AddMinutes(-57).ToUnixTimeSeconds(), _asked[0].At);
    }

    [Fact]
    public async Task Where_everything_is_read_nothing_is_left_to_ask_for_and_none_of_it_is_asked_for_later()
    {
        Start(ReadMode.All);
        for (var window = 0; window < 24; window++) await ReadsAsync(window);
        Assert.Equal(7, _asked.Count);
        Assert.Contains("sum(increase(istio_requests_total{}[300000ms]))", _asked.Select(asked => asked.Query));
        Assert.Equal(3, Poller.Expected[Metric.Requests]);
        Assert.Empty(NotRead());

        Start(ReadMode.Egress);
        for (var window = 24; window < 38; window++) await ReadsAsync(window);
        Assert.Equal([0, 0, 0, 0, 0], NotRead());
        for (var window = 38; window < 46; window++) await ReadsAsync(window);
        Assert.Equal([12, 12, 12, 24, 24], NotRead());
    }

    [Fact]
    public async Task A_shard_asks_for_its_own_namespaces()
    {
        Start(ReadMode.Egress, new Shard(1, 2));
        for (var window = 0; window < 15; window++) await ReadsAsync(window);
        Assert.NotEmpty(_asked);
        Assert.All(_asked, asked => Assert.Contains(",source_workload_namespace", asked.Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_refuses_is_left_alone_for_half_an_hour_and_every_window_counts()
    {
        Start(ReadMode.Egress);
        _refuses = true;
        for (var window = 0; window < 74; window++) await ReadsAsync(window, value: window + 1);
        Assert.Equal(1, _asked.Count(asked => asked.Query.Contains("reporter=\"destination\"", StringComparison.Ordinal)));
        Assert.Equal(1, _self.Sum("egress_alerts_query_failures_total", "limit"));
        Assert.All(NotRead(), amount => Assert.Equal(0, amount));
        Assert.Equal(6 * 12, Poller.Expected[Metric.Requests]);

        // What was not answered is asked for again.
        _refuses = false;
        for (var window = 74; window < 100; window++) await ReadsAsync(window);
        Assert.Equal(3 * 12, NotRead()[0]);
    }

    [Fact]
    public async Task What_counters_had_when_they_were_seen_first_is_told_and_a_baseline_is_none_of_it()
    {
        Start(ReadMode.All);
        await ReadsAsync(0, value: 5);
        await ReadsAsync(1, value: 8);
        Assert.Equal(0, Poller.FirstValues[Metric.Requests]);
        Server.Answer = async context =>
        {
            var answer = Whole(await QueryAsync(context), 9);
            await context.Response.WriteAsync(answer.Replace("example.com", "new.example.com", StringComparison.Ordinal));
        };
        Assert.NotNull(await ReadAsync(2));
        Assert.Equal(9, Poller.FirstValues[Metric.Requests]);
        Start(ReadMode.All);
        Assert.Equal(0, Poller.FirstValues[Metric.Requests]); // It had not been committed.
    }

    private void Start(ReadMode read, Shard? shard = null)
    {
        _state = _store.Read();
        var options = new PollingOptions { Url = Server.Address, Read = read, Shard = shard ?? Shard.Whole };
        Poller = new Poller(Http, options, new TelemetryOptions(), new PollingMetrics(_self), _state, Time, Log);
    }

    private List<double> NotRead() =>
        [.. Poller.Excluded.Where(sum => sum.Reason == "not_read").OrderBy(sum => sum.Metric).Select(sum => sum.Amount)];

    private async Task ReadsAsync(int window, int value = 5)
    {
        Server.Answer = async context =>
        {
            if (context.Request.Path.Value!.Contains("/label/", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync("""{"status":"success","data":["shop","bank"]}""");
                return;
            }

            var (query, form) = (await QueryAsync(context), await context.Request.ReadFormAsync());
            if (!query.StartsWith("sum(increase(", StringComparison.Ordinal))
            {
                await context.Response.WriteAsync(Whole(query, value));
                return;
            }

            _asked.Add((query, double.Parse(form["time"].ToString(), System.Globalization.CultureInfo.InvariantCulture)));
            var refuses = _refuses && query.Contains("reporter=\"destination\"", StringComparison.Ordinal);
            if (refuses) context.Response.StatusCode = 422;
            await context.Response.WriteAsync(
                refuses ? Refused : """{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767268800,"3"]}]}}""");
        };
        Assert.True(await ReadAsync(window) is not null, Poller.Failure);
        Assert.True(_state.Commit());
    }
}
