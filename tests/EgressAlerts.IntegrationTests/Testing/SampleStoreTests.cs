using System.Text.Json;
using EgressAlerts.Testing;

namespace EgressAlerts.IntegrationTests.Testing;

/// <summary>The store of made-up samples answers the service's queries as Prometheus would.</summary>
public sealed class SampleStoreTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly HttpClient _http = new();
    private readonly HandTime _clock = new();
    private SampleStore _store = null!;

    public async Task InitializeAsync()
    {
        _store = await SampleStore.StartAsync();
        _store.Clock = _clock;
        _store.Add("up{job=\"envoy\"}", (Noon.AddSeconds(-60), 1), (Noon.AddSeconds(-30), 0));
        _store.Add("up{job=\"dead\"}", (Noon.AddSeconds(-60), 0));
        _store.Add("istio_requests_total{job=\"envoy\",path=\"a\\\"b\"}", (Noon.AddSeconds(-60), 1), (Noon.AddMilliseconds(-1), 2.5), (Noon.AddSeconds(5), 3));
        _store.AddLate("istio_requests_total{job=\"envoy\",path=\"late\"}", Noon.AddSeconds(20), (Noon.AddSeconds(-5), 7));
        _store.Add("gone_total{job=\"envoy\"}", (Noon.AddSeconds(-9), 4), (Noon.AddSeconds(-6), double.NaN));
    }

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        _http.Dispose();
    }

    [Theory]
    [InlineData("group by (job) (max_over_time(up{}[300000ms] offset 15000ms) == 1)", """[{"metric":{"job":"envoy"},"value":[1767268800,"1"]}]""")]
    [InlineData(
        "istio_requests_total{job=~\"en.*\",path!=\"late\"}[60000ms]",
        """[{"metric":{"__name__":"istio_requests_total","job":"envoy","path":"a\"b"},"values":[[1767268740,"1"],[1767268799.999,"2.5"]]}]""")]
    [InlineData("istio_requests_total{}", """[{"metric":{"__name__":"istio_requests_total","job":"envoy","path":"a\"b"},"value":[1767268800,"2.5"]}]""")]
    [InlineData("count({__name__=~\"up|istio_requests_total\"})", """[{"metric":{},"value":[1767268800,"3"]}]""")]
    [InlineData("last_over_time(up{job!~\"dead|x\"}[5m])", """[{"metric":{"__name__":"up","job":"envoy"},"value":[1767268800,"0"]}]""")]
    [InlineData("sum(increase(istio_requests_total{job=\"envoy\"}[2m]))", """[{"metric":{},"value":[1767268800,"1.5"]}]""")]
    [InlineData("gone_total", "[]")]
    [InlineData("gone_total[10s]", """[{"metric":{"__name__":"gone_total","job":"envoy"},"values":[[1767268791,"4"]]}]""")]
    [InlineData("count(nothing)", "[]")]
    public async Task A_query_finds_what_Prometheus_would_find(string query, string result) =>
        Assert.Equal(result, (await AskAsync(query)).GetProperty("data").GetProperty("result").GetRawText());

    [Fact]
    public async Task A_late_sample_is_found_when_the_clock_says_so_and_a_hidden_series_is_not()
    {
        Assert.Equal(1, await CountAsync("istio_requests_total[1m]"));
        _clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(2, await CountAsync("istio_requests_total[1m]"));
        _store.Hidden = labels => labels.GetValueOrDefault("path") == "late";
        Assert.Equal(1, await CountAsync("istio_requests_total[1m]"));
    }

    [Fact]
    public async Task Notes_and_faults_are_what_the_test_says()
    {
        (_store.Warnings, _store.Infos, _store.IsPartial) = (["careful"], ["by the way"], true);
        var answer = await AskAsync("up");
        Assert.Equal("careful/by the way/True", $"{answer.GetProperty("warnings")[0]}/{answer.GetProperty("infos")[0]}/{answer.GetProperty("isPartial")}");
        Assert.Equal(("up", Noon), _store.Asked.Last());
        Assert.Equal("bad_data", (await AskAsync("rate(up[5m])")).GetProperty("errorType").GetString());
        _store.Instead = SampleStore.Status(503, "{}");
        Assert.Equal(JsonValueKind.Object, (await AskAsync("up")).ValueKind);
    }

    private async Task<int> CountAsync(string query) => (await AskAsync(query)).GetProperty("data").GetProperty("result").GetArrayLength();

    private async Task<JsonElement> AskAsync(string query)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["query"] = query, ["time"] = "1767268800" });
        using var response = await _http.PostAsync(new Uri(_store.Address, "prefix/api/v1/query"), form);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.Clone();
    }
}
