using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class ProxyCounterTests
{
    private static readonly SeriesHash Hash = new(1, 2);
    private static readonly HashSet<string> Target = ["job", "instance", "version", "cluster", "pod", "pod_name", "namespace", "app"];

    [Fact]
    public void Labels_of_the_target_and_the_port_do_not_matter_in_any_order() => Assert.True(Same(
        [("job", "envoy"), ("instance", "10.0.0.1:15090"), ("version", "1"), ("to", "x"), ("code", "200")],
        [("code", "200"), ("to", "x"), ("instance", "10.0.0.1:15020"), ("job", "pods"), ("cluster", "eu")]));

    [Fact]
    public void A_label_that_the_proxy_exposes_matters() => Assert.False(Same([("instance", "a:1"), ("to", "x")], [("instance", "a:1"), ("to", "y")]));

    [Fact]
    public void An_empty_label_is_no_label() => Assert.True(Same([("instance", "a:1"), ("to", "x")], [("instance", "a:1"), ("to", "x"), ("code", "")]));

    [Fact]
    public void Another_address_is_another_proxy_in_both_families()
    {
        Assert.False(Same([("instance", "10.0.0.1:15090")], [("instance", "10.0.0.2:15090")]));
        Assert.False(Same([("instance", "[2001:db8::1]:15090")], [("instance", "[2001:db8::2]:15090")]));
        Assert.True(Same([("instance", "[2001:db8::1]:15090")], [("instance", "[2001:db8::1]:15020")]));
    }

    [Fact]
    public void A_pod_at_a_used_address_is_another_proxy_but_one_without_a_name_may_be_any()
    {
        Assert.False(Same([("instance", "a:1"), ("pod", "p"), ("namespace", "n")], [("instance", "a:1"), ("pod", "q"), ("namespace", "n")]));
        Assert.False(Same([("instance", "a:1"), ("pod", "p"), ("namespace", "n")], [("instance", "a:1"), ("pod", "p"), ("namespace", "m")]));
        Assert.True(Same([("instance", "a:1"), ("pod", "p"), ("namespace", "n")], [("instance", "a:1"), ("pod_name", "p"), ("namespace", "n")]));
        Assert.True(Same([("instance", "a:1"), ("pod", "p"), ("namespace", "n")], [("instance", "a:1")]));
    }

    [Fact]
    public void What_Prometheus_renamed_because_the_target_has_such_a_label_keeps_its_meaning() =>
        Assert.Equal(
            ProxyCounter.Of(new Dictionary<string, string> { ["instance"] = "a:1", ["exported_app"] = "x", ["app"] = "y" }, Target, Hash),
            ProxyCounter.Of(new Dictionary<string, string> { ["instance"] = "a:1", ["app"] = "x" }, new HashSet<string> { "instance" }, Hash));

    [Fact]
    public void Names_and_values_cannot_be_confused() => Assert.False(Same([("instance", "a:1"), ("to", "xcode")], [("instance", "a:1"), ("toxco", "de")]));

    [Fact]
    public void The_labels_of_up_are_those_of_the_target_and_else_those_of_any_of_its_job()
    {
        var labels = new TargetLabels();
        Up("""{"__name__":"up","instance":"a:1","job":"envoy","version":"1","zone":"z"}""");
        Up("""{"instance":"b:1","job":"envoy","zone":"z"}""");
        Assert.Equal(["instance", "job", "version", "zone"], Find("envoy", "a:1")!.Order());
        Assert.Equal(["instance", "job", "zone"], Find("envoy", "b:1")!.Order());
        Assert.Equal(["instance", "job", "version", "zone"], Find("envoy", "elsewhere")!.Order());
        Assert.Null(Find("other", "a:1"));

        // The target's labels changed a moment ago: both sets are its own.
        Up("""{"instance":"b:1","job":"envoy","zone":"z","tier":"t"}""");
        Assert.Equal(["instance", "job", "tier", "zone"], Find("envoy", "b:1")!.Order());

        IReadOnlySet<string>? Find(string job, string instance) => labels.Find(new Dictionary<string, string> { ["job"] = job, ["instance"] = instance });

        void Up(string json) => labels.Series(System.Text.Encoding.UTF8.GetBytes(json), []);
    }

    private static bool Same((string Name, string Value)[] one, (string Name, string Value)[] other) => Id(one).IsSame(Id(other));

    private static ProxyCounter Id((string Name, string Value)[] labels) =>
        ProxyCounter.Of(labels.ToDictionary(label => label.Name, label => label.Value), Target, Hash);
}
