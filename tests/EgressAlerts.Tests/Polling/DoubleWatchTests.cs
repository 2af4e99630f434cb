using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class DoubleWatchTests
{
    private const long Window = 30_000;

    private readonly DoubleWatch _watch = new(new TelemetryOptions());
    private readonly Dictionary<SeriesId, long> _last = [];

    [Fact]
    public void Two_jobs_that_scrape_one_proxy_are_told_with_the_matcher_that_leaves_one()
    {
        Sees(0, "envoy-stats", "10.0.0.1:15090", "a.example.com");
        Sees(0, "envoy-stats", "10.0.0.1:15090", "b.example.com");
        Sees(0, "kubernetes-pods", "10.0.0.1:15020", "a.example.com");
        AllScrapedAt(2 * Window);
        var doubles = Find();
        Assert.Equal((0.5, "job"), (doubles!.Share, doubles.Label));
        Assert.Equal("job=\"envoy-stats\"", doubles.Matcher);
        Assert.Equal(["envoy-stats", "kubernetes-pods"], doubles.Values);
    }

    [Fact]
    public void One_job_that_scrapes_both_ports_is_told_by_its_ports()
    {
        Sees(0, "pods", "10.0.0.1:15090", "a.example.com");
        Sees(0, "pods", "10.0.0.1:15020", "a.example.com");
        AllScrapedAt(2 * Window);
        Assert.Equal("instance=~\".+:15090\"", Find()!.Matcher);
    }

    [Theory]
    [InlineData("prometheus_replica")]
    [InlineData("replica")]
    [InlineData("prometheus")]
    public void Two_replicas_behind_one_query_API_are_told_by_their_label(string label)
    {
        Sees(0, "envoy-stats", "10.0.0.1:15090", "a.example.com", (label, "prom-0"));
        Sees(0, "envoy-stats", "10.0.0.1:15090", "a.example.com", (label, "prom-1"));
        AllScrapedAt(2 * Window);
        Assert.Equal($"{label}=\"prom-0\"", Find()!.Matcher);
    }

    [Fact]
    public void A_job_that_was_renamed_or_is_not_scraped_any_more_is_not_there_twice()
    {
        Sees(0, "old", "10.0.0.1:15090", "a.example.com");
        AllScrapedAt(10 * Window);
        Sees(11 * Window, "new", "10.0.0.1:15090", "a.example.com");
        _last[_last.Keys.Last()] = 30 * Window;
        Assert.Null(Find());
    }

    [Fact]
    public void Other_pods_other_destinations_and_dimensions_of_the_users_own_are_not_doubles()
    {
        Sees(0, "envoy-stats", "10.0.0.1:15090", "a.example.com");
        Sees(0, "kubernetes-pods", "10.0.0.2:15020", "a.example.com");
        Sees(0, "kubernetes-pods", "10.0.0.1:15020", "b.example.com");
        Sees(0, "envoy-stats", "10.0.0.1:15090", "c.example.com", ("request_operation", "read"));
        Sees(0, "envoy-stats", "10.0.0.1:15090", "c.example.com", ("request_operation", "write"));
        AllScrapedAt(2 * Window);
        Assert.Null(Find());
    }

    [Fact]
    public void What_is_doubled_is_found_in_a_sample_of_any_number_of_series()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Sees(0, "a", $"10.0.{i / 250}.{i % 250}:15090", "a.example.com");
            if (i % 10 == 0) Sees(0, "b", $"10.0.{i / 250}.{i % 250}:15020", "a.example.com");
        }

        AllScrapedAt(2 * Window);
        Assert.InRange(Find()!.Share, 0.05, 0.16);
    }

    private void Sees(long milliseconds, string job, string instance, string host, params (string Name, string Value)[] more)
    {
        var labels = new Dictionary<string, string> { ["__name__"] = "istio_requests_total", ["job"] = job, ["instance"] = instance, ["destination_service"] = host };
        foreach (var (name, value) in more) labels[name] = value;
        var id = new SeriesId(0, (ulong)_last.Count);
        _last[id] = milliseconds;
        _watch.Offer(id, milliseconds, labels);
    }

    private void AllScrapedAt(long milliseconds)
    {
        foreach (var id in _last.Keys) _last[id] = milliseconds;
    }

    private Doubles? Find() => _watch.Find(id => _last.GetValueOrDefault(id, SeriesTable.Never), Window);
}
