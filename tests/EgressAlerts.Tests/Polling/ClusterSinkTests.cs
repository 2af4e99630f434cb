using System.Text;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class ClusterSinkTests
{
    [Theory]
    [InlineData("""{"job":"envoy","source_cluster":"Kubernetes"}""", "envoy")]
    [InlineData("""{"job":"envoy"}""", "envoy")]
    [InlineData("{ \"job\" : \"a}b\" }", "a}b")]
    [InlineData("{}", "")]
    [InlineData("{ }", "")]
    public void Each_series_has_the_cluster_of_its_server(string labels, string job)
    {
        var seen = new Seen();
        ClusterSink.For((ISeriesSink)seen, "west").Series(Encoding.UTF8.GetBytes(labels), []);
        Assert.Equal(("west", job), (seen.Labels["source_cluster"], seen.Labels.GetValueOrDefault("job", "")));
    }

    [Fact]
    public void Without_a_cluster_the_labels_are_as_they_were_sent()
    {
        var seen = new Seen();
        Assert.Same(seen, ClusterSink.For((ISeriesSink)seen, ""));
    }

    [Fact]
    public void Labels_of_any_length_are_taken()
    {
        var seen = new Seen();
        var sink = ClusterSink.For((ISeriesSink)seen, "west");
        foreach (var length in (int[])[10, 5000, 10, 20_000])
        {
            sink.Series(Encoding.UTF8.GetBytes($$"""{"x":"{{new string('a', length)}}"}"""), []);
            Assert.Equal((length, "west"), (seen.Labels["x"].Length, seen.Labels["source_cluster"]));
        }
    }

    private sealed class Seen : ISeriesSink
    {
        public Dictionary<string, string> Labels { get; private set; } = [];

        public void Restart() => Labels = [];

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples) => Labels = LabelReader.Read(labels);
    }
}
