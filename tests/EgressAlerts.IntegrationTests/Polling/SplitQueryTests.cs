using System.Globalization;
using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>A server that refuses answers with more than so many series: the poller asks for parts, and every window is exact.</summary>
public sealed class SplitQueryTests : PollerOverHttp
{
    private const string TooMany = """{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}""";

    private readonly List<string> _asked = [];
    private string[] _namespaces = ["", "a", "b", "c", "d", "e", "f", "g", "we\"ird}"];
    private int _most = 3;
    private int _value = 10;
    private double _at;
    private Func<string, HttpContext, Task<bool>> _fault = (_, _) => Task.FromResult(false);

    [Theory]
    [InlineData(422, TooMany)]
    [InlineData(422, """{"status":"error","errorType":"execution","error":"exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)"}""")]
    [InlineData(422, """{"status":"error","errorType":"422","error":"the number of matching timeseries exceeds 3; see -search.maxUniqueTimeseries"}""")]
    [InlineData(400, """{"status":"error","errorType":"bad_data","error":"query hit the max number of series limit (limit: 3 series)"}""")]
    [InlineData(503, """{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}""")]
    public async Task A_query_that_is_too_much_is_cut_into_parts_that_are_not(int status, string refusal)
    {
        await FirstAsync(status, refusal);
        await GrowsAsync(1, by: 3);
        Assert.Equal(["istio_requests_total 4"], Poller.Parts.Select(parts => $"{parts.Metric} {parts.Parts}"));
        Assert.Equal(4, Self.Sum("egress_alerts_query_parts", "istio_requests_total"));
        Assert.Equal(1, Self.Sum("egress_alerts_query_parts", "istio_tcp_sent_bytes_total"));

        // From now on nothing is asked in vain.
        _asked.Clear();
        await GrowsAsync(2, by: 5);
        Assert.Equal(4, _asked.Count);
        Assert.Equal("", Poller.Failure);
        Assert.Equal(4, Poller.Queries.Count(query => query.Query.StartsWith("istio_requests_total{source_workload_namespace", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_namespace_that_appears_between_two_windows_is_in_exactly_one_part()
    {
        await FirstAsync();
        await GrowsAsync(1, by: 1);
        _namespaces = [.. _namespaces, "0-new", "bb", "zz", "\u2028"];
        _value += 2;
        Assert.Equal((9 * 2) + (4 * _value), (await ReadAsync(3))!.Increments.Sum(increment => increment.Amount));
        await GrowsAsync(3, by: 1);
    }

    [Fact]
    public async Task Parts_that_fail_midway_leave_nothing_behind()
    {
        await FirstAsync();
        await GrowsAsync(1, by: 1);

        // The last part breaks off behind what it has sent, twice in each of three attempts at the window.
        var last = _asked[^1];
        var broken = 0;
        _fault = async (query, context) =>
        {
            if (query != last) return false;
            broken++;
            await context.Response.WriteAsync(Matrix(query)[..^30]);
            context.Abort();
            return true;
        };
        _value += 4;
        for (var attempt = 0; attempt < 3; attempt++) Assert.Null(await ReadAsync(3));
        Assert.True(broken >= 3);
        _fault = (_, _) => Task.FromResult(false);
        Assert.Equal(4 * _namespaces.Length, (await ReadAsync(3))!.Increments.Sum(increment => increment.Amount));
    }

    [Fact]
    public async Task A_refusal_behind_half_of_an_answer_counts_nothing_of_it()
    {
        await FirstAsync();
        await GrowsAsync(1, by: 1);
        var last = _asked[^1];
        _fault = async (query, context) =>
        {
            if (query != last) return false;
            await context.Response.WriteAsync(Matrix(query).TrimEnd()[..^1] + ",\"warnings\":[\"results truncated due to limit\"]}");
            return true;
        };
        await GrowsAsync(2, by: 4);
        Assert.Equal(5, Poller.Parts.Single().Parts);
    }

    [Fact]
    public async Task One_namespace_that_is_too_much_is_named_and_the_window_waits()
    {
        await FirstAsync();
        _most = 0;
        Assert.Null(await ReadAsync(2));
        Assert.Contains("the query cannot be split further: it reads namespace 'a' alone", Poller.Failure, StringComparison.Ordinal);
        Assert.Contains("narrow prometheus.matchers", Poller.Failure, StringComparison.Ordinal);
        _most = 3;
        await GrowsAsync(1, by: 2);
    }

    [Fact]
    public async Task Without_names_a_query_is_not_split()
    {
        _namespaces = ["", "we\"ird}", "A", "x.y"];
        await FirstAsync(reads: false);
        Assert.Contains("the query cannot be split: its series name no namespace", Poller.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_labels_may_not_be_listed_a_query_lists_them()
    {
        var refused = 0;
        _fault = async (query, context) =>
        {
            if (!query.StartsWith("label ", StringComparison.Ordinal)) return false;
            refused++;
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync("no");
            return true;
        };
        await FirstAsync();
        Assert.True(refused > 0);
        Assert.Contains(_asked, query => query.StartsWith("group by (source_workload_namespace) (istio_requests_total{", StringComparison.Ordinal));
        await GrowsAsync(1, by: 1);
    }

    [Fact]
    public async Task After_six_hours_parts_become_one_again_where_one_query_does()
    {
        await FirstAsync();
        await GrowsAsync(1, by: 1);
        Assert.Equal(4, Poller.Parts.Single().Parts);
        _most = 100;
        var parts = new List<int>();
        foreach (var window in (int[])[719, 740, 759, 760, 799, 839, 879])
        {
            await GrowsAsync(window, by: 1);
            parts.Add(Poller.Parts.SingleOrDefault()?.Parts ?? 1);
        }

        Assert.Equal([4, 4, 3, 3, 2, 1, 1], parts);
    }

    /// <summary>Namespaces come while some shards have read a window and others have not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Shards_count_each_series_once(bool labelsAreRefused)
    {
        _most = int.MaxValue;
        if (labelsAreRefused) _fault = RefusedAsync;
        await FirstAsync();
        var shards = Shards(3);
        foreach (var shard in shards) Assert.Empty((await ReadAsync(shard, 2))!.Increments);

        var (before, old, sums) = (_value, _namespaces, new Dictionary<string, double>());
        for (var window = 3; window < 9; window++)
        {
            _value += 2;
            foreach (var (i, shard) in shards.Index())
            {
                foreach (var increment in (await ReadAsync(shard, window))!.Increments)
                    sums[increment.Flow.Source.Namespace] = sums.GetValueOrDefault(increment.Flow.Source.Namespace) + increment.Amount;
                if (window < 6 && i < 2) _namespaces = [.. _namespaces, $"new-{window}-{i}", $"{i}-{window}", $"Odd {window}-{i}"];
            }
        }

        // All texts that are no names of namespaces are one to the counters.
        var (odd, named) = (_namespaces.Where(ns => !NamespaceCut.IsName(ns) && ns.Length > 0).ToList(), _namespaces.Where(NamespaceCut.IsName));
        Assert.Equal(odd.Sum(ns => old.Contains(ns) ? _value - before : _value), sums[LabelValues.Invalid]);
        Assert.All(named, ns => Assert.Equal((ns, (double)(old.Contains(ns) ? _value - before : _value)), (ns, sums[ns])));

        static async Task<bool> RefusedAsync(string query, HttpContext context)
        {
            if (!query.StartsWith("label ", StringComparison.Ordinal)) return false;
            context.Response.StatusCode = 403;
            await context.Response.WriteAsync("no");
            return true;
        }
    }

    [Fact]
    public async Task A_shard_that_cannot_know_its_namespaces_waits()
    {
        _most = int.MaxValue;
        await FirstAsync();
        var shard = Shards(2)[0];
        _fault = (query, context) =>
        {
            if (!query.StartsWith("label ", StringComparison.Ordinal)) return Task.FromResult(false);
            context.Abort();
            return Task.FromResult(true);
        };
        Assert.Null(await ReadAsync(shard, 2));
        Assert.Contains("the namespaces of the mesh could not be listed", shard.Failure, StringComparison.Ordinal);
        _fault = (_, _) => Task.FromResult(false);
        Assert.NotNull(await ReadAsync(shard, 2));
    }

    private List<Poller> Shards(int of) =>
    [
        .. Enumerable.Range(1, of).Select(number => new Poller(
            Http,
            new PollingOptions
            {
                Url = new Uri(Server.Address, "prefix?dedup=true"), Timeout = TimeSpan.FromSeconds(5), Shard = new(number, of), Read = ReadMode.All,
            },
            new TelemetryOptions(), new PollingMetrics(new MetricRegistry()), Store.InMemory().Read(), Time, Log)),
    ];

    private static Task<Reading?> ReadAsync(Poller poller, int number) =>
        poller.TryReadAsync(new Window(Noon.AddSeconds(30 * (number - 1)), Noon.AddSeconds(30 * number)), CancellationToken.None);

    /// <summary>The window before the first one of the test, whose counters are known then.</summary>
    private async Task FirstAsync(int status = 422, string refusal = TooMany, bool reads = true)
    {
        Server.Answer = async context =>
        {
            var isLabel = context.Request.Path.Value!.EndsWith("/api/v1/label/source_workload_namespace/values", StringComparison.Ordinal);
            var query = isLabel ? $"label {context.Request.Query["match[]"]}" : await QueryAsync(context);
            if (!isLabel) _at = double.Parse((await context.Request.ReadFormAsync())["time"].ToString(), CultureInfo.InvariantCulture);
            if (query.Contains("istio_requests_total", StringComparison.Ordinal) && !query.StartsWith("last_over_time", StringComparison.Ordinal))
                _asked.Add(query);
            if (await _fault(query, context)) return;
            if (isLabel)
            {
                Assert.Equal("true", context.Request.Query["dedup"]);
                await context.Response.WriteAsJsonAsync(new { status = "success", data = Selected(query) });
            }
            else if (query.StartsWith("istio_requests_total", StringComparison.Ordinal) && Selected(query).Count > _most)
            {
                context.Response.StatusCode = status;
                await context.Response.WriteAsync(refusal);
            }
            else
            {
                await context.Response.WriteAsync(query.Contains("istio_requests_total", StringComparison.Ordinal) ? Matrix(query) : Whole(query, 0));
            }
        };

        // The series are born in the first of these windows.
        var first = await ReadAsync(1);
        Assert.Equal(reads, first is not null);
        if (first is not null) Assert.Equal(_namespaces.Length * _value, first.Increments.Sum(increment => increment.Amount));
    }

    /// <summary>Reads a window in which each namespace's counter grew by the same.</summary>
    private async Task GrowsAsync(int number, int by)
    {
        _value += by;
        var reading = await ReadAsync(number + 1);
        Assert.True(reading is not null, Poller.Failure);
        Assert.Equal(_namespaces.Length * by, reading.Increments.Sum(increment => increment.Amount));
    }

    private List<string> Selected(string query)
    {
        var matchers = Regex.Matches(query, "source_workload_namespace(=~|!~)\"([^\"]*)\"");
        return
        [
            .. _namespaces.Where(value => matchers.All(matcher =>
                Regex.IsMatch(value, $@"\A(?:{matcher.Groups[2].Value})\z") == (matcher.Groups[1].Value == "=~"))),
        ];
    }

    private string Matrix(string query)
    {
        var series = Selected(query).Select(name => System.Text.Json.JsonSerializer.Serialize(new
        {
            metric = new Dictionary<string, string>
            {
                ["__name__"] = "istio_requests_total",
                ["job"] = "envoy",
                ["instance"] = "10.0.0.1:15090",
                ["reporter"] = "source",
                ["source_workload"] = "w",
                ["source_workload_namespace"] = name,
                ["destination_service_name"] = "PassthroughCluster",
                ["destination_service"] = "example.com",
            },
            values = new[] { new object[] { _at - 10, _value.ToString(CultureInfo.InvariantCulture) } },
        }));
        return $"{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{string.Join(',', series)}]}}}}";
    }
}
