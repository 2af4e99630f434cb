using System.Text.Json;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Tests.Polling;

/// <summary>What deploy/istio adds to Istio's metrics is what the service reads by default, on every metric that it reads.</summary>
public sealed class IstioFilesTests
{
    private static readonly TelemetryOptions Defaults = new();
    private static readonly string[] Tcp = [Defaults.DestinationIp[0], Defaults.DestinationPort[0], Defaults.Sni[0]];
    private static readonly string[] Http = [Defaults.DestinationIp[0], Defaults.DestinationPort[0], Defaults.Host[0]];

    private static readonly Dictionary<string, string> ApiNames = new()
    {
        ["REQUEST_COUNT"] = "istio_requests_total",
        ["REQUEST_SIZE"] = "istio_request_bytes_sum",
        ["RESPONSE_SIZE"] = "istio_response_bytes_sum",
        ["TCP_OPENED_CONNECTIONS"] = "istio_tcp_connections_opened_total",
        ["TCP_CLOSED_CONNECTIONS"] = "istio_tcp_connections_closed_total",
        ["TCP_RECEIVED_BYTES"] = "istio_tcp_received_bytes_total",
        ["TCP_SENT_BYTES"] = "istio_tcp_sent_bytes_total",
    };

    /// <summary>A waypoint counts in the mode of a server, whatever it forwards (pilot/pkg/networking/core/listener_waypoint.go of Istio).</summary>
    [Theory]
    [InlineData("telemetry.yaml", "CLIENT")]
    [InlineData("telemetry-waypoint.yaml", "SERVER")]
    public void The_Telemetry_resources_have_every_metric_with_every_dimension(string file, string mode)
    {
        var overrides = At(Load(file), "spec", "metrics", 0, "overrides");
        Complete(
            ((YamlSequenceNode)overrides).Select(item => (ApiNames[Text(At(item, "match", "metric"))], Dimensions(At(item, "tagOverrides"), "value"))),
            Defaults.ResponseCodeDetails);
        Assert.All((YamlSequenceNode)overrides, item => Assert.Equal(mode, Text(At(item, "match", "mode"))));
    }

    [Theory]
    [InlineData("outboundSidecar")]
    [InlineData("gateway")]
    public void The_variant_for_WebAssembly_filters_says_the_same_and_tells_Envoy_of_each_dimension(string filter)
    {
        var file = Load("istiooperator-1.5.yaml");
        var metrics = At(file, "spec", "values", "telemetry", "v2", "prometheus", "configOverride", filter, "metrics");
        Complete(((YamlSequenceNode)metrics).Select(item => (
            "istio_" + Text(At(item, "name")) + (Text(At(item, "name")) is "request_bytes" or "response_bytes" ? "_sum" : ""),
            Dimensions(At(item, "dimensions"), null))));
        var told = ((YamlSequenceNode)At(file, "spec", "meshConfig", "defaultConfig", "extraStatTags")).Select(Text);
        Assert.Equal(Tcp.Union(Http).Order(), told.Order());
    }

    [Fact]
    public void The_variant_for_Mixer_has_every_TCP_metric_with_every_dimension_in_instance_and_handler()
    {
        var dimensions = (YamlMappingNode)At(Load("mixer-1.3-instance.yaml"), "spec", "params", "dimensions");
        Assert.Equal(Tcp.Order(), dimensions.Children.Keys.Select(Text).Order());

        using var patch = JsonDocument.Parse(File.ReadAllText(Repository.File("deploy", "istio", "mixer-1.3-handler.json")));
        var steps = patch.RootElement.EnumerateArray()
            .Select(step => (Path: step.GetProperty("path").GetString()!, Value: step.GetProperty("value").GetString()!))
            .ToList();
        var metrics = steps.GroupBy(step => step.Path.Split('/')[4])
            .ToDictionary(group => "istio_" + group.First().Value, group => group.Skip(1).Select(step => step.Value).Order());
        Assert.Equal(RawMetric.All.Where(raw => raw.Tcp).Select(raw => raw.Name).Order(), metrics.Keys.Order());
        Assert.All(metrics.Values, added => Assert.Equal(Tcp.Order(), added));
    }

    /// <param name="details">The dimensions that tell a refusal, of HTTP and of TCP; none where there are none.</param>
    private static void Complete(IEnumerable<(string Metric, Dictionary<string, string> Dimensions)> entries, IReadOnlyList<string>? details = null)
    {
        var all = entries.ToDictionary(entry => entry.Metric, entry => entry.Dimensions);
        Assert.Equal(RawMetric.All.Select(raw => raw.Name).Order(), all.Keys.Order());
        foreach (var raw in RawMetric.All)
        {
            IEnumerable<string> refusal = details is [var http, var tcp] ? [raw.Tcp ? tcp : http] : [];
            Assert.Equal((raw.Tcp ? Tcp : Http).Concat(refusal).Order(), all[raw.Name].Keys.Order());
            Assert.Equal("destination.address", all[raw.Name]["destination_ip"]); // upstream.address is not known where the mesh refuses to connect.
        }
    }

    private static Dictionary<string, string> Dimensions(YamlNode node, string? below) =>
        ((YamlMappingNode)node).Children.ToDictionary(entry => Text(entry.Key), entry => Text(below is null ? entry.Value : At(entry.Value, below)));

    private static YamlNode Load(string file)
    {
        var stream = new YamlStream();
        stream.Load(new Parser(new StringReader(File.ReadAllText(Repository.File("deploy", "istio", file)))));
        return stream.Documents.Single().RootNode;
    }

    private static YamlNode At(YamlNode node, params object[] path) => path.Aggregate(node, (at, step) => step is int index ? at[index] : at[(string)step]);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;
}
