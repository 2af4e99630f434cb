using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection;

/// <summary>Workloads of two clusters with the same namespace and name.</summary>
public sealed class ClusterTests
{
    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(1),
        Watchdog = new() { Enabled = false },
        NewDestination = new() { Severity = "warning", ConfirmedSeverity = "warning" },
    };

    private static readonly Workload East = Samples.Cart with { Cluster = "east" };
    private static readonly Workload West = Samples.Cart with { Cluster = "west" };

    [Fact]
    public void What_is_a_habit_in_one_cluster_is_news_in_the_other()
    {
        var time = new Timeline(Options);
        time.Until(Timeline.Start.AddHours(2), _ => [To("api.partner.com", East), To("other.com", West)]);
        var found = Assert.Single(time.Step(To("api.partner.com", East), To("api.partner.com", West)));
        Assert.Equal(("EgressNewDestination", West), (found.AlertName, found.Source));
        Assert.Contains("source_cluster=\"west\"", found.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void Habits_of_both_clusters_outlive_a_restart()
    {
        var time = new Timeline(Options);
        time.Until(Timeline.Start.AddHours(2), _ => [To("a.com", East), To("b.com", West)]);
        time.Restart();
        Assert.Empty(time.Step(To("a.com", East), To("b.com", West)));
        Assert.Equal([East, West], time.Step(To("b.com", East), To("a.com", West)).Select(found => found.Source).Order(Workload.Order));
    }

    [Fact]
    public void The_namespace_of_another_cluster_is_a_witness_also_where_it_has_the_same_name()
    {
        var time = new Timeline(Options);
        Workload[] old = [East, West];
        var late = Samples.Cart with { Cluster = "north" };
        time.Until(Timeline.Start.AddHours(4), _ => [.. old.Select(source => To("pypi.example.org", source)), To("other.com", late)]);
        Assert.Empty(time.Step(To("pypi.example.org", late)));
        Assert.Single(time.Step(To("c2.example.org", late)));
    }

    [Fact]
    public void A_group_of_workloads_is_one_in_each_cluster()
    {
        var time = new Timeline(Options with { WorkloadGroups = [new(WorkloadPattern.Parse("ci/job-*")!.Value, new("ci", "job"))] });
        time.Until(Timeline.Start.AddHours(2), now => [To("a.com", Job(now, "east")), To("b.com", Job(now, "west"))]);
        var found = Assert.Single(time.Step(To("a.com", Job(time.Now, "west")), To("a.com", Job(time.Now, "east"))));
        Assert.Equal(new Workload("ci", "job", "west"), found.Source);
        Assert.Contains("source_workload=~\"job-.*\",source_cluster=\"west\"", found.Evidence, StringComparison.Ordinal);

        static Workload Job(DateTimeOffset now, string cluster) => new("ci", $"job-{now.UtcTicks}", cluster);
    }

    [Theory]
    [InlineData("west", true)]
    [InlineData("we*", true)]
    [InlineData("east", false)]
    public void A_policy_may_be_about_some_clusters(string cluster, bool expected)
    {
        var policies = new Policies([new("west-only", PolicyAction.Forbid, "warning", new() { Clusters = [new(cluster)] }, new())]);
        Assert.Equal(expected, policies.FirstMatch(Seen(West), Timeline.Start) is not null);
        Assert.Null(policies.FirstMatch(Seen(Samples.Cart), Timeline.Start));

        static FlowActivity Seen(Workload source) => new(Samples.Flow("52.0.0.1", source: source), new Destination("a.com", NameSource.Ptr, true), default);
    }

    [Fact]
    public void A_policy_about_one_cluster_does_not_cover_one_about_all()
    {
        var (all, west) = (Allow(new()), Allow(new() { Clusters = [new("west")] }));
        Assert.True(PolicyCover.Covers(all, west));
        Assert.False(PolicyCover.Covers(west, all));

        static Policy Allow(PolicySource source) => new("p", PolicyAction.Allow, "", source, new() { Ports = ["443"] });
    }

    private static NamedIncrement To(string name, Workload source) => Timeline.To(name, 1000, source: source);
}
