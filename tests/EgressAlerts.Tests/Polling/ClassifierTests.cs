using System.Net;
using System.Text.RegularExpressions;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

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
            if (line.Length == 0 || line[0] == '#') continue;
            var arrow = line.IndexOf(" <= ", StringComparison.Ordinal);
            data.Add(line[..arrow].Trim(), line[(arrow + 4)..].Trim());
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Series))]
    public void Every_dialect_is_taken_for_what_it_means(string expected, string series)
    {
        var (raw, labels) = Parse(series);
        Assert.Equal(expected, Describe(new Classifier(Options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())).Classify(raw, labels)));
    }

    [Theory]
    [InlineData("source_cluster=\"west\", cluster=\"added\"", "west")]
    [InlineData("cluster=\"added\"", "added")]
    [InlineData("source_cluster=\"unknown\"", "")]
    [InlineData("job=\"envoy\"", "")]
    [InlineData("source_cluster=\"a b\"", "_invalid_")]
    public void The_cluster_is_what_the_first_of_its_labels_tells(string labels, string expected)
    {
        var (raw, read) = Parse("istio_requests_total{reporter=\"source\", destination_service_name=\"PassthroughCluster\", source_workload=\"cart\", "
            + $"source_workload_namespace=\"shop\", {labels}}}");
        var what = new Classifier(Options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())).Classify(raw, read);
        Assert.Equal(new Workload("shop", "cart", expected), what.Counter!.Flow.Source);
    }

    public static TheoryData<string, string, string, string> ReadmeRows()
    {
        var data = new TheoryData<string, string, string, string>();
        foreach (Match row in ReadmeRowPattern().Matches(File.ReadAllText(Repository.File("deploy", "reference", "accounting.md"))))
            data.Add(row.Groups[1].Value, row.Groups[2].Value, row.Groups[3].Value, row.Groups[4].Value.Trim());
        return data;
    }

    /// <summary>The accounting table of deploy/reference/accounting.md: Istio's version, a series, the route or the reason for leaving it out,
    /// and what is known of the destination.</summary>
    [Theory]
    [MemberData(nameof(ReadmeRows))]
    public void Every_row_of_the_accounting_table_is_true(string istio, string series, string route, string knownBy)
    {
        var hosts = new HostRegister(DynamicDns.Auto, Store.InMemory().Read());
        // Such proxies tell namespaces.
        if (istio.StartsWith("1.23", StringComparison.Ordinal) || istio.StartsWith("1.31", StringComparison.Ordinal)) hosts.Saw("vouched.example.com");
        var (raw, labels) = Parse(series);
        var what = new Classifier(Options, hosts).Classify(raw, labels);
        Assert.Equal(route, what.Counter?.Flow is { } flow ? $"`{flow.Route.LabelValue()}`" : $"left out: `{what.Excluded}`");
        if (what.Counter?.Flow is not { To: var to }) return;
        (string, bool)[] known =
        [
            ("address", to.Address is not null),
            ("registry", to.Service.Length > 0),
            ("sni", to.Sni.Length > 0),
            ("host", to.Host.Length > 0),
        ];
        Assert.Equal(knownBy, string.Join(", ", known.Where(part => part.Item2).Select(part => part.Item1).DefaultIfEmpty("nothing")));
    }

    [Fact]
    public void The_accounting_table_has_every_route_and_every_reason()
    {
        var told = ReadmeRows().Select(row => (string)row[2]).ToHashSet();
        Assert.Equal(Enum.GetValues<Route>().Select(route => $"`{route.LabelValue()}`").Except(told), []);
        string[] reasons = ["reporter_destination", "inbound", "in_mesh", "cluster_network", "claimed_in_mesh", "kube_api", "no_route"];
        Assert.Equal(reasons.Select(reason => $"left out: `{reason}`").Except(told), []);
    }

    [Fact]
    public void Upload_is_what_Istio_counts_as_received_from_the_application_istio_32399_35462() => Assert.Equal(
        ["istio_request_bytes_sum", "istio_tcp_received_bytes_total"],
        RawMetric.All.Where(raw => raw.Metric == Metric.UploadBytes).Select(raw => raw.Name));

    [Fact]
    public void Label_names_are_the_users_and_the_first_present_one_wins()
    {
        var options = new TelemetryOptions { DestinationIp = ["orig_dst", "destination_ip"], Sni = ["external_host"] };
        var (raw, labels) = Parse(
            """istio_tcp_sent_bytes_total{reporter="source",destination_service_name="PassthroughCluster","""
            + """orig_dst="unknown",destination_ip="52.1.2.3:443",external_host="API.Example.com."}""");
        var flow = new Classifier(options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())).Classify(raw, labels).Counter!.Flow;
        Assert.Equal(new RawDestination(IPAddress.Parse("52.1.2.3"), "443", "", "", "api.example.com"), flow.To);
    }

    [Fact]
    public void A_host_of_4_kB_of_junk_in_any_label_becomes_a_mark_and_takes_no_other_series_with_it()
    {
        foreach (var label in (string[])["destination_service", "request_host", "requested_server_name"])
        {
            var labels = new Dictionary<string, string> { ["destination_service_name"] = "PassthroughCluster", [label] = new string('x', 4096) + "\"}\n" };
            var to = new Classifier(Options, new HostRegister(DynamicDns.Auto, Store.InMemory().Read())).Classify(RawMetric.All[0], labels).Counter!.Flow.To;
            Assert.Equal(LabelValues.Invalid, to.Key);
        }
    }

    /// <summary>ALLOW_ANY_DYNAMIC_DNS of 1.31 leaves no mark: what it lets out looks like a ServiceEntry's host of a proxy before 1.23.</summary>
    [Fact]
    public void A_host_without_a_namespace_is_unregistered_once_the_mesh_has_shown_that_it_tells_namespaces()
    {
        var hosts = new HostRegister(DynamicDns.Auto, Store.InMemory().Read());
        var classifier = new Classifier(Options, hosts);
        Assert.Equal(Route.Registered, Http(classifier, "one.example.com").Counter!.Flow.Route); // As before 1.23.
        Assert.Equal(Route.Registered, Http(classifier, "vouched.example.com", ("destination_service_namespace", "shop")).Counter!.Flow.Route);
        Assert.True(hosts.TakeChange()); // What was classified before is to be looked at again.
        Assert.False(hosts.TakeChange());

        var dynamic = Http(classifier, "one.example.com:8080").Counter!.Flow;
        Assert.Equal((Route.Passthrough, "", "one.example.com", "8080"), (dynamic.Route, dynamic.To.Service, dynamic.To.Host, dynamic.To.Port));
        Assert.Equal(Route.Registered, Http(classifier, "Vouched.example.com").Counter!.Flow.Route); // From a sidecar that is older than the others.

        Http(classifier, "one.example.com:8080", ("destination_service_namespace", "shop"));
        Assert.True(hosts.TakeChange());
        Assert.Equal(Route.Registered, Http(classifier, "one.example.com:8080").Counter!.Flow.Route);
    }

    [Fact]
    public void Where_the_registry_is_given_it_says_which_hosts_are_registered_and_nothing_is_guessed()
    {
        var hosts = new HostRegister(DynamicDns.Auto, Store.InMemory().Read());
        var classifier = new Classifier(Options, hosts);
        hosts.Saw("gone.example.com");
        Assert.True(hosts.Use((_, host, port) => host == "one.example.com" && port is "" or "8080"));
        Assert.Equal(Route.Registered, Http(classifier, "One.example.com:8080").Counter!.Flow.Route);
        Assert.Equal(Route.Passthrough, Http(classifier, "one.example.com:80").Counter!.Flow.Route);
        Assert.Equal(Route.Passthrough, Http(classifier, "gone.example.com").Counter!.Flow.Route);
        // A namespace is the mesh's own word, which may be newer than the file.
        Assert.Equal(Route.Registered, Http(classifier, "new.example.com", ("destination_service_namespace", "shop")).Counter!.Flow.Route);

        // Who has decided himself is not overruled.
        foreach (var mode in (DynamicDns[])[DynamicDns.Always, DynamicDns.Never])
        {
            var decided = new HostRegister(mode, Store.InMemory().Read());
            Assert.False(decided.Use((_, _, _) => mode == DynamicDns.Always));
            var route = Http(new Classifier(Options, decided), "one.example.com").Counter!.Flow.Route;
            Assert.Equal(mode == DynamicDns.Always ? Route.Passthrough : Route.Registered, route);
        }
    }

    [Fact]
    public void What_else_looks_like_dynamic_DNS_is_not_taken_for_it()
    {
        var hosts = new HostRegister(DynamicDns.Always, Store.InMemory().Read());
        var classifier = new Classifier(Options, hosts);
        Assert.Equal(Route.Passthrough, Http(classifier, "a.example.com").Counter!.Flow.Route);
        Assert.Equal(Route.Passthrough, Http(classifier, "a.example.com", ("request_protocol", "grpc")).Counter!.Flow.Route);
        Assert.Equal("no_route", Http(classifier, "a.example.com", ("response_flags", "NR")).Excluded);
        Assert.Equal("in_mesh", Http(classifier, "a.shop.svc.cluster.local").Excluded);
        Assert.Equal("in_mesh", Http(classifier, "a.example.com", ("destination_workload", "a")).Excluded);
        Assert.Equal("reporter_destination", Http(classifier, "a.example.com", ("reporter", "destination")).Excluded);
        Assert.Equal("kube_api", Http(classifier, "kubernetes.default.svc").Excluded);
        foreach (var (label, value) in ((string, string)[])
            [
                ("reporter", "waypoint"), ("request_protocol", "tcp"), ("destination_cluster", "Kubernetes"),
                ("destination_workload_namespace", "shop"), ("destination_service_namespace", "shop"), ("destination_service_name", "*"),
            ])
        {
            Assert.Equal(Route.Registered, Http(classifier, "b.example.com", (label, value)).Counter!.Flow.Route);
        }

        var never = new Classifier(Options, new HostRegister(DynamicDns.Never, Store.InMemory().Read()));
        Assert.Equal(Route.Registered, Http(never, "a.example.com").Counter!.Flow.Route);
    }

    [Fact]
    public void Mixers_namespaces_say_nothing_about_registration()
    {
        var hosts = new HostRegister(DynamicDns.Auto, Store.InMemory().Read());
        var (raw, labels) = Parse(
            """istio_requests_total{reporter="source",destination_service="httpbin.org",destination_service_name="httpbin.org","""
            + """destination_service_namespace="default",request_protocol="http"}""");
        new Classifier(Options, hosts).Classify(raw, labels);
        Assert.False(hosts.TakeChange());
    }

    [Fact]
    public void Which_hosts_are_registered_outlives_a_restart()
    {
        using var store = Store.InMemory();
        var state = store.Read();
        var hosts = new HostRegister(DynamicDns.Auto, state);
        hosts.Saw("vouched.example.com");
        Assert.True(state.Commit());
        var copy = new HostRegister(DynamicDns.Auto, store.Read());
        Assert.Equal((true, false), (copy.IsUnregistered("other.example.com"), copy.IsUnregistered("vouched.example.com")));
    }

    private static SeriesMeaning Http(Classifier classifier, string host, params (string Name, string Value)[] labels)
    {
        var (raw, all) = Parse(
            $$"""istio_requests_total{reporter="source",destination_service="{{host}}",destination_service_name="{{host}}","""
            + """destination_service_namespace="unknown",destination_workload="unknown",destination_workload_namespace="unknown","""
            + """destination_cluster="unknown",destination_canonical_service="unknown","""
            + """request_protocol="http",response_code="200",response_flags="-"}""");
        foreach (var (name, value) in labels) all[name] = value;
        return classifier.Classify(raw, all);
    }

    private static string Describe(SeriesMeaning what) => what.Counter is not { } counter
        ? "excluded " + what.Excluded
        : $"{counter.Flow.Route.LabelValue()} {counter.Flow.Protocol.LabelValue()} {counter.Flow.Source} -> {counter.Flow.To.Key}"
          + (counter.Flow.To.Port.Length > 0 ? ":" + counter.Flow.To.Port : "")
          + (counter.ResponseCode.Length > 0 ? " code " + counter.ResponseCode : "")
          + (counter.ResponseFlags.Length > 0 ? " flags " + counter.ResponseFlags : "");

    internal static (RawMetric Raw, Dictionary<string, string> Labels) Parse(string series)
    {
        var name = series[..series.IndexOf('{', StringComparison.Ordinal)];
        var labels = LabelPattern().Matches(series).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value);
        return (RawMetric.All.Single(raw => raw.Name == name), labels);
    }

    [GeneratedRegex(@"(?m)^\| ([^|]+) \| [^|]+ \| `(istio_[^`]+)` \| ([^|]+) \|([^|]*)\|$")]
    private static partial Regex ReadmeRowPattern();

    [GeneratedRegex("([a-z_]+)\\s?=\\s?\"([^\"]*)\"")]
    private static partial Regex LabelPattern();
}
