using System.Text;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class DoubleWatchTests
{
    private readonly TrackedMesh _mesh = new();
    private readonly DoubleWatch _watch = new(new TelemetryOptions());
    private readonly Dictionary<string, bool> _series = [];
    private int _window;

    [Fact]
    public void Two_jobs_that_scrape_one_proxy_are_told_with_the_matcher_that_leaves_one()
    {
        Sees("envoy-stats", "10.0.0.1:15090", "a.example.com");
        Sees("envoy-stats", "10.0.0.1:15090", "b.example.com");
        Sees("kubernetes-pods", "10.0.0.1:15020", "a.example.com");
        Windows(4);
        var doubles = Find();
        Assert.Equal((0.5, "job"), (doubles!.Share, doubles.Label));
        Assert.Equal("job=\"envoy-stats\"", doubles.Matcher);
        Assert.Equal(["envoy-stats", "kubernetes-pods"], doubles.Values);
        Assert.True(doubles.AreOnce);
    }

    [Fact]
    public void Where_there_is_no_up_they_are_told_to_count_double()
    {
        _mesh.TargetLabels = null;
        Sees("envoy-stats", "10.0.0.1:15090", "a.example.com");
        Sees("kubernetes-pods", "10.0.0.1:15020", "a.example.com");
        Windows(4);
        Assert.False(Find()!.AreOnce);
    }

    [Fact]
    public void One_job_that_scrapes_both_ports_is_told_by_its_ports()
    {
        Sees("pods", "10.0.0.1:15090", "a.example.com");
        Sees("pods", "10.0.0.1:15020", "a.example.com");
        Windows(4);
        Assert.Equal("instance=~\".+:15090\"", Find()!.Matcher);
    }

    [Theory]
    [InlineData("prometheus_replica")]
    [InlineData("replica")]
    [InlineData("prometheus")]
    public void Two_replicas_behind_one_query_API_are_told_by_their_label(string label)
    {
        Sees("envoy-stats", "10.0.0.1:15090", "a.example.com", (label, "prom-0"));
        Sees("envoy-stats", "10.0.0.1:15090", "a.example.com", (label, "prom-1"));
        Windows(4);
        Assert.Equal($"{label}=\"prom-0\"", Find()!.Matcher);
    }

    [Fact]
    public void A_job_that_was_renamed_or_is_not_scraped_any_more_is_not_there_twice()
    {
        Sees("old", "10.0.0.1:15090", "a.example.com");
        Windows(10);
        foreach (var series in _series.Keys) _series[series] = false;
        Sees("new", "10.0.0.1:15090", "a.example.com");
        Windows(10);
        Assert.Null(Find());
    }

    [Fact]
    public void Other_pods_other_destinations_and_dimensions_of_the_users_own_are_not_doubles()
    {
        Sees("envoy-stats", "10.0.0.1:15090", "a.example.com");
        Sees("kubernetes-pods", "10.0.0.2:15020", "a.example.com");
        Sees("kubernetes-pods", "10.0.0.1:15020", "b.example.com");
        Sees("envoy-stats", "10.0.0.1:15090", "c.example.com", ("request_operation", "read"));
        Sees("envoy-stats", "10.0.0.1:15090", "c.example.com", ("request_operation", "write"));
        Windows(4);
        Assert.Null(Find());
    }

    [Fact]
    public void What_is_doubled_is_found_in_a_sample_of_any_number_of_series()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Sees("a", $"10.0.{i / 250}.{i % 250}:15090", "a.example.com");
            if (i % 10 == 0) Sees("b", $"10.0.{i / 250}.{i % 250}:15020", "a.example.com");
        }

        Windows(4);
        Assert.InRange(Find()!.Share, 0.05, 0.16);
    }

    private void Sees(string job, string instance, string host, params (string Name, string Value)[] more) =>
        _series[TrackedMesh.Labels([("job", job), ("instance", instance), ("destination_service", host), .. more])] = true;

    private void Windows(int count)
    {
        for (var until = _window + count; _window < until;)
        {
            _mesh.Begin(++_window);
            foreach (var series in _series.Where(series => series.Value).Select(series => series.Key))
            {
                _mesh.Observe(series, ((_window * 30) - 1, 1));
                var bytes = Encoding.UTF8.GetBytes(series);
                _watch.Offer(_mesh.Tracker, _mesh.Tracker.Known.Find(bytes), LabelReader.Read(bytes));
            }

            _mesh.Commit();
        }
    }

    private Doubles? Find() => _watch.Find(_mesh.Tracker, overlap: 2);
}
