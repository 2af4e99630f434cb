using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Storage;

/// <summary>The database of a version that knew no clusters, when the telemetry begins to tell them.</summary>
public sealed class ClusterTakeOverTests : IDisposable
{
    private static readonly string Old = File.ReadAllText(Repository.File("tests", "EgressAlerts.Tests", "Storage", "golden", "0.2.0.sql"));
    private static readonly Workload Cart = Samples.Cart with { Cluster = "west" };

    private readonly TemporaryFolder _folder = new();
    private readonly HandTime _time = new();
    private readonly Store _store;

    public ClusterTakeOverTests()
    {
        SqlDump.Restore(Old, _folder.File(Store.FileName));
        _time.Advance(GoldenStory.End - _time.GetUtcNow());
        _store = new Store(_folder.Path, new StorageMetrics(new MetricRegistry()), _time, NullLogger<Store>.Instance);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_was_learned_belongs_to_the_cluster_that_shows_the_workload()
    {
        Assert.False(TakeOver().Run([Samples.Cart])); // Nobody tells clusters yet.
        Assert.True(TakeOver().Run([Cart]));
        Assert.Equal(["west"], Clusters("habit"));
        Assert.Equal(["west"], Clusters("contact"));
        Assert.Equal(["west"], Clusters("newborn"));

        var story = new GoldenStory(_store.Read());
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7, Cart), GoldenStory.Upload("203.0.113.9", "evil.example.net", 7, Cart));
        Assert.Equal(
            ["evil.example.net", "first.example.org", "news.example.com"],
            story.Findings.Where(finding => finding.AlertName == "EgressNewDestination").Select(finding => finding.Destination).Order());
        Assert.All(story.Findings.Where(finding => finding.Source.Name.Length > 0), finding => Assert.Equal("west", finding.Source.Cluster));
    }

    [Fact]
    public void The_usual_upload_of_the_hour_is_that_of_the_cluster()
    {
        Assert.True(TakeOver().Run([Cart]));
        var story = new GoldenStory(_store.Read());
        for (var window = 0; window < 12; window++)
        {
            story.Window(
                GoldenStory.Start.AddDays(9).AddHours(3) + (window * GoldenStory.Length),
                GoldenStory.Upload("52.0.0.1", "api.stripe.com", 200 * GoldenStory.MiB, Cart));
        }

        Assert.DoesNotContain(story.Findings, finding => finding.AlertName == "EgressUploadSpike");
    }

    [Fact]
    public void Exported_counters_keep_their_labels_and_new_ones_begin_beside_them()
    {
        Assert.True(TakeOver().Run([Cart]));
        var story = new GoldenStory(_store.Read());
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7, Cart));
        var series = story.Counters.Series.Concat(story.Counters.ShownAsZero)
            .Where(series => series.Key is { Metric: Metric.UploadBytes, Source.Name: "cart", Destination: "api.stripe.com" })
            .ToLookup(series => series.Key.Source.Cluster, series => series.Value);
        Assert.Equal(34_195 * GoldenStory.MiB, series[""].Sum());
        Assert.Equal(7, series["west"].Sum());
    }

    [Fact]
    public void Of_several_clusters_each_workload_goes_to_the_first_that_has_it_and_the_others_to_the_one_that_has_their_namespace()
    {
        Assert.True(TakeOver().Run([Cart, Cart with { Cluster = "east" }, new("web", "other", "west"), new("far", "away", "north")]));
        Assert.Equal(
            ["/platform/agent", "east/shop/cart", "west/web/crawler", "west/web/young"],
            SqlDump.Read(
                _folder.File(Store.FileName),
                "SELECT source_cluster || '/' || source_workload_namespace || '/' || source_workload FROM habit ORDER BY 1").Select(row => row[0]));
    }

    [Fact]
    public void A_workload_whose_series_tell_no_cluster_keeps_none()
    {
        Assert.True(TakeOver().Run([Samples.Cart, new("web", "crawler", "west")]));
        Assert.Equal(["", "west"], Clusters("habit"));
    }

    [Fact]
    public void What_has_clusters_already_is_left_alone()
    {
        Assert.True(TakeOver().Run([Cart]));
        Assert.False(TakeOver().Run([Cart with { Cluster = "east" }]));
        Assert.Equal(["west"], Clusters("habit"));
    }

    private ClusterTakeOver TakeOver() => new(_store, NullLogger.Instance);

    private IEnumerable<string> Clusters(string table) =>
        SqlDump.Read(_folder.File(Store.FileName), $"SELECT DISTINCT source_cluster FROM {table} ORDER BY 1").Select(row => row[0]);
}
