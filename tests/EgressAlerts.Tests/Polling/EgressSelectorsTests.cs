using System.Text.RegularExpressions;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

/// <summary>What only a server's selectors leave out must be nothing that counts. What they leave out is selected once by those of the rest.</summary>
public sealed class EgressSelectorsTests
{
    private static readonly TelemetryOptions Options = new() { EgressGateways = ["istio-system/istio-egressgateway", "edge/way.out"] };

    private static readonly string[] Names =
    [
        "reporter", "destination_workload", "destination_workload_namespace", "destination_service", "destination_service_name",
        "destination_service_namespace", "destination_principal",
    ];

    [Theory]
    [MemberData(nameof(ClassifierTests.Series), MemberType = typeof(ClassifierTests))]
    public void Every_series_that_counts_is_selected_once(string expected, string series) =>
        IsSelected(ClassifierTests.Parse(series).Labels, counts: !expected.StartsWith("excluded", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(ClassifierTests.ReadmeRows), MemberType = typeof(ClassifierTests))]
    public void Every_row_of_the_accounting_table_that_counts_is_selected_once(string istio, string series, string route, string knownBy)
    {
        Assert.NotNull(istio + knownBy);
        IsSelected(ClassifierTests.Parse(series).Labels, counts: !route.StartsWith("left out", StringComparison.Ordinal));
    }

    /// <summary>Also labels that no version of Istio is known to combine.</summary>
    [Fact]
    public void Whatever_counts_is_selected_once()
    {
        var values = Gen.Elements(
            "", "unknown", "-", "0.0.0.0", "::", "<nil>", "NULL", "?a\nb", "source", "destination", "waypoint", "reviews", "BlackHoleCluster",
            "PassthroughCluster", "istio-egressgateway", "istio-system", "way.out", "edge", "way.out.edge.svc.cluster.local", "wayXout",
            "istio-egressgateway.istio-system.svc.cluster.local", "api.example.com", "reviews.shop.svc.cluster.local", "kubernetes", "unknown\n", "Unknown",
            "spiffe://cluster.local/ns/shop/sa/", "spiffe://cluster.local/ns/shop/sa/reviews");
        var (counted, classifier) = (0, new Classifier(Options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())));
        Prop.ForAll(values.ArrayOf(Names.Length).ToArbitrary(), chosen =>
        {
            var labels = Names.Zip(chosen).Where(label => label.Second.Length > 0).ToDictionary(label => label.First, label => label.Second);
            foreach (var raw in (RawMetric[])[RawMetric.All[0], RawMetric.All[^1]])
            {
                var counts = classifier.Classify(raw, labels).Counter is not null;
                if (counts) counted++;
                IsSelected(labels, counts);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
        Assert.True(counted > 500);
    }

    [Fact]
    public void Traffic_between_workloads_of_the_mesh_is_not_selected()
    {
        var labels = new Dictionary<string, string>
        {
            ["reporter"] = "source",
            ["destination_workload"] = "reviews",
            ["destination_service"] = "reviews.shop.svc.cluster.local",
            ["destination_service_name"] = "reviews",
        };
        Assert.Equal(0, Selecting(labels));
        Assert.Equal(0, Selecting(new Dictionary<string, string>(labels) { ["reporter"] = "destination", ["destination_workload"] = "unknown" }));
        Assert.Equal(1, Selecting(new Dictionary<string, string>(labels) { ["reporter"] = "waypoint", ["destination_workload"] = "unknown" }));
    }

    /// <summary>The name of a gateway comes from the configuration, and stays within its quotes.</summary>
    [Fact]
    public void The_name_of_a_gateway_is_no_pattern()
    {
        var selectors = EgressSelectors.Of(new TelemetryOptions { EgressGateways = ["a/b\"}.*|\\"] });
        Assert.Contains("b\\\\x{22}\\\\x{7D}[.]\\\\x{2A}\\\\x{7C}\\\\x{5C}\"", selectors[0][1], StringComparison.Ordinal);
        Assert.All(selectors.SelectMany(matchers => matchers), matcher => Assert.Equal(2, matcher.Count(c => c == '"')));
    }

    private static void IsSelected(IReadOnlyDictionary<string, string> labels, bool counts)
    {
        var selecting = Selecting(labels);
        Assert.InRange(selecting, counts ? 1 : 0, 1);
        Assert.Equal(1, selecting + Fitting(EgressSelectors.NotRead(Options), labels));
    }

    private static int Selecting(IReadOnlyDictionary<string, string> labels) => Fitting(EgressSelectors.Of(Options), labels);

    private static int Fitting(IReadOnlyList<IReadOnlyList<string>> selectors, IReadOnlyDictionary<string, string> labels) =>
        selectors.Count(matchers => matchers.All(matcher => Fits(matcher, labels)));

    private static bool Fits(string matcher, IReadOnlyDictionary<string, string> labels)
    {
        var parts = Regex.Match(matcher, "^(\\w+)(=~|!~|!=|=)\"([^\"\\\\]*)\"$");
        Assert.True(parts.Success, matcher);
        var (actual, value) = (labels.GetValueOrDefault(parts.Groups[1].Value, ""), parts.Groups[3].Value);
        var fits = parts.Groups[2].Value is "!=" or "=" ? actual == value : Regex.IsMatch(actual, $@"\A(?:{value})\z", RegexOptions.CultureInvariant);
        return fits == (parts.Groups[2].Value[0] == '=');
    }
}
