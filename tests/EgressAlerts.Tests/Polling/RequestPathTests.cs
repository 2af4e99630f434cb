using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Polling;

public sealed class RequestPathTests
{
    [Theory]
    [InlineData("/politics/today?x=1#y", "/politics/today")]
    [InlineData("//politics///today/", "/politics/today/")]
    [InlineData("/sport/../politics", "/politics")]
    [InlineData("/./%70olitics/%2e%2e/a", "/a")]
    [InlineData("/../../politics", "/politics")]
    [InlineData("\\politics\\x", "/politics/x")]
    [InlineData("/", "/")]
    [InlineData("", "")]
    public void Another_spelling_of_a_path_is_read_as_its_server_would(string path, string plain) => Assert.Equal(plain, RequestPath.Plain(path));

    [Fact]
    public void Of_paths_and_labels_only_what_policies_ask_for_is_kept()
    {
        var asked = new TelemetryOptions { AskedPaths = ["/politics", "/pol", "/sport"], AskedLabels = [("source_version", "v2"), ("source_app", "cart")] };
        var labels = new Dictionary<string, string>
        {
            ["reporter"] = "source",
            ["source_workload"] = "cart",
            ["source_workload_namespace"] = "shop",
            ["source_version"] = "v2",
            ["source_app"] = "other",
            ["destination_service"] = "www.cnn.com",
            ["destination_service_name"] = "PassthroughCluster",
            ["request_protocol"] = "http",
            ["request_path"] = "//politics/today?secret=1",
        };
        SeriesMeaning Of(TelemetryOptions options) =>
            new Classifier(options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())).Classify(RawMetric.All[0], labels);
        Assert.Equal(PolicyTags.Of(("source_version", "v2"), (PolicyTags.Path, "/politics"), (PolicyTags.Path, "/pol")), Of(asked).Counter!.Tags);
        Assert.Equal(default, Of(new TelemetryOptions()).Counter!.Tags);
    }
}
