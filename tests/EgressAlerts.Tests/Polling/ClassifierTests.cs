using System.Net;
using System.Text.RegularExpressions;
using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

/// <summary>Series as Istio's proxies really sent them, one a line in testdata/series.txt: what they are taken for, then the series.</summary>
public sealed partial class ClassifierTests
{
    private static readonly TelemetryOptions Options = new() { ClusterNetworks = [IPNetwork.Parse("10.28.0.0/16")] };

    public static TheoryData<string, string> Series()
    {
        var data = new TheoryData<string, string>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Polling", "testdata", "series.txt")))
        {
            if (line.Length > 0 && line[0] != '#') data.Add(line[..line.IndexOf(" <= ", StringComparison.Ordinal)].Trim(), line[(line.IndexOf(" <= ", StringComparison.Ordinal) + 4)..].Trim());
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Series))]
    public void Every_dialect_is_taken_for_what_it_means(string expected, string series)
    {
        var (raw, labels) = Parse(series);
        Assert.Equal(expected, Describe(new Classifier(Options).Classify(raw, labels)));
    }

    [Fact]
    public void Upload_is_what_Istio_counts_as_received_from_the_application_istio_32399_35462() => Assert.Equal(
        ["istio_request_bytes_sum", "istio_tcp_received_bytes_total"],
        RawMetric.All.Where(raw => raw.Metric == Metric.UploadBytes).Select(raw => raw.Name));

    [Fact]
    public void Label_names_are_the_users_and_the_first_present_one_wins()
    {
        var options = new TelemetryOptions { DestinationIp = ["orig_dst", "destination_ip"], Sni = ["external_host"] };
        var (raw, labels) = Parse("""istio_tcp_sent_bytes_total{reporter="source",destination_service_name="PassthroughCluster",orig_dst="unknown",destination_ip="52.1.2.3:443",external_host="API.Example.com."}""");
        var flow = new Classifier(options).Classify(raw, labels).Flow!;
        Assert.Equal(new RawDestination(IPAddress.Parse("52.1.2.3"), "443", "", "", "api.example.com"), flow.To);
    }

    private static string Describe(Classified what) => what.Flow is not { } flow
        ? "excluded " + what.Excluded
        : $"{flow.Route.Word()} {flow.Protocol.Word()} {flow.Source} -> {flow.To.Key}{(flow.To.Port.Length > 0 ? ":" + flow.To.Port : "")}"
          + (what.ResponseCode.Length > 0 ? " code " + what.ResponseCode : "") + (what.ResponseFlags.Length > 0 ? " flags " + what.ResponseFlags : "");

    private static (RawMetric Raw, Dictionary<string, string> Labels) Parse(string series)
    {
        var name = series[..series.IndexOf('{', StringComparison.Ordinal)];
        return (RawMetric.All.Single(raw => raw.Name == name), LabelPattern().Matches(series).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value));
    }

    [GeneratedRegex("([a-z_]+)\\s?=\\s?\"([^\"]*)\"")]
    private static partial Regex LabelPattern();
}
