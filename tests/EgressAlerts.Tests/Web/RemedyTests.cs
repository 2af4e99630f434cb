using System.Net;
using System.Text.Json.Nodes;
using EgressAlerts.Alerting;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class RemedyTests : IDisposable
{
    private static readonly RemedyFacts Facts = new(
        "EgressBlocked", new("batch", "report"), "api.stripe.com", NameSource.Sni, Confirmed: true, IPAddress.Parse("52.0.0.1"), "443", "tcp", "", "", "");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("api.stripe.com", NameSource.Sni, "443", "tcp", "api.stripe.com", "TLS", "DNS")]
    [InlineData("api.stripe.com", NameSource.Sni, "8443", "tcp", "api.stripe.com", "TLS", "DNS")]
    [InlineData("api.stripe.com", NameSource.Host, "80", "http", "api.stripe.com", "HTTP", "DNS")]
    [InlineData("api.stripe.com", NameSource.Host, "50051", "grpc", "api.stripe.com", "GRPC", "DNS")]
    [InlineData("vps-99.hoster.example.net", NameSource.Ptr, "4444", "tcp", "vps-99.hoster.example.net", "TCP", "STATIC")]
    [InlineData("*.compute-1.amazonaws.com", NameSource.Ptr, "443", "tcp", "address-52-0-0-1.external", "TCP", "STATIC")]
    [InlineData("52.0.0.1", NameSource.Ip, "443", "tcp", "address-52-0-0-1.external", "TCP", "STATIC")]
    public void A_ServiceEntry_has_the_host_the_port_and_the_protocol_that_were_used(
        string destination, NameSource source, string port, string protocol, string host, string expected, string resolution)
    {
        var spec = One(ServiceEntries.Of(Facts with { Destination = destination, NameSource = source, Port = port, Protocol = protocol })!.Snippet)["spec"]!;
        Assert.Equal(host, (string?)spec["hosts"]![0]);
        Assert.Equal((port, expected), ($"{spec["ports"]![0]!["number"]}", (string?)spec["ports"]![0]!["protocol"]));
        Assert.Equal(resolution, (string?)spec["resolution"]);
        Assert.Equal(resolution == "STATIC" ? "52.0.0.1" : null, (string?)spec["endpoints"]?[0]!["address"]);
        Assert.Equal(resolution == "STATIC" ? "52.0.0.1/32" : null, (string?)spec["addresses"]?[0]);
    }

    [Theory]
    [InlineData(false, false, ".", "")]
    [InlineData(true, false, null, "In ambient mode exportTo decides nothing")]
    [InlineData(false, true, null, "both the gateway and the sidecars of the workloads behind it have to see it")]
    public void An_entry_is_kept_to_its_namespace_where_only_sidecars_of_it_need_the_entry(bool isAmbient, bool isGateway, string? exportTo, string text)
    {
        foreach (var source in (NameSource[])[NameSource.Sni, NameSource.Ip])
        {
            var destination = source == NameSource.Ip ? "52.0.0.1" : "api.stripe.com";
            var remedy = ServiceEntries.Of(Facts with { Destination = destination, NameSource = source, IsAmbient = isAmbient, IsGateway = isGateway })!;
            Assert.Equal(exportTo, (string?)One(remedy.Snippet)["spec"]!["exportTo"]?[0]);
            Assert.Contains(text, remedy.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_registered_and_blocked_is_allowed_by_a_policy()
    {
        var facts = Facts with { NameSource = NameSource.Registry, Route = Route.Blocked, Protocol = "http", Port = "80" };
        var remedy = Assert.Single(WantedRemedies.Of(facts, new()));
        var policy = One(remedy.Snippet);
        Assert.Equal(("AuthorizationPolicy", "ALLOW"), ((string?)policy["kind"], (string?)policy["spec"]!["action"]));
        Assert.Equal("batch", (string?)policy["spec"]!["rules"]![0]!["from"]![0]!["source"]!["namespaces"]![0]);
        Assert.Equal("ServiceEntry", (string?)policy["spec"]!["targetRefs"]![0]!["kind"]);
    }

    [Fact]
    public void A_false_claim_is_registered_with_the_address_that_was_used()
    {
        var facts = Facts with
        {
            AlertName = "EgressNameMismatch",
            Destination = "52.0.0.1",
            NameSource = NameSource.Ip,
            ClaimedName = "www.bank.com",
            Port = "80",
            Protocol = "http",
        };
        var spec = One(ServiceEntries.Of(facts)!.Snippet)["spec"]!;
        Assert.Equal(("www.bank.com", "HTTP", "STATIC"), ((string?)spec["hosts"]![0], (string?)spec["ports"]![0]!["protocol"], (string?)spec["resolution"]));
    }

    [Fact]
    public void What_the_telemetry_does_not_tell_cannot_be_registered()
    {
        var remedies = WantedRemedies.Of(Facts with { Destination = "unknown", NameSource = NameSource.Unknown, Address = null }, new());
        Assert.Equal("", Assert.Single(remedies).Snippet);
        Assert.Contains("/istio/telemetry.yaml", remedies[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EgressNewDestination")]
    [InlineData("EgressUploadSpike")]
    [InlineData("EgressFanOut")]
    [InlineData("EgressProbing")]
    [InlineData("EgressBeaconing")]
    [InlineData("EgressForbidden")]
    [InlineData("EgressThreatListed")]
    [InlineData("EgressMetadataService")]
    [InlineData("EgressOutsideRegion")]
    [InlineData("EgressAlertsHeldBack")]
    public void What_is_to_be_pasted_into_the_configuration_is_one(string alertName)
    {
        foreach (var confirmed in (bool[])[true, false])
        {
            var snippets = WantedRemedies.Of(Facts with { AlertName = alertName, Confirmed = confirmed, Region = "us-east-1" }, new())
                .Select(remedy => remedy.Snippet).Where(snippet => snippet.Length > 0 && !snippet.StartsWith("apiVersion", StringComparison.Ordinal))
                .Where(snippet => !snippet.StartsWith("egress-alerts allow", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(snippets);
            foreach (var snippet in snippets) ConfigLoader.Check(_folder.Write("config.yml", snippet));
        }
    }

    [Fact]
    public void An_upload_that_was_seen_fits_under_the_proposed_floor()
    {
        var snippet = WantedRemedies.Of(Facts with { AlertName = "EgressUploadSpike", Observed = "605.3 GiB within an hour" }, new())[0].Snippet;
        var options = ConfigLoader.Load(_folder.Write("config.yml", snippet)).Detection.Overrides[0].Options.UploadSpike;
        Assert.Equal((2L << 40, 4L << 40), (options.Floor, options.DailyFloor));
    }

    [Fact]
    public void A_list_that_is_there_is_kept()
    {
        var options = new DetectionOptions
        {
            MetadataService = new() { Allowed = [WorkloadPattern.Parse("kube-system/*")!.Value] },
            OutsideRegion = new() { AllowedRegions = [new("batch", ["DE"])] },
        };
        string Snippet(string alertName) => WantedRemedies.Of(Facts with { AlertName = alertName, Observed = "us-east-1: 1 request" }, options)[0].Snippet;
        var settings = ConfigLoader.Load(_folder.Write("config.yml", Snippet("EgressMetadataService")));
        Assert.Equal(["kube-system/*", "batch/report"], settings.Detection.MetadataService.Allowed.Select(one => $"{one}"));
        settings = ConfigLoader.Load(_folder.Write("config.yml", Snippet("EgressOutsideRegion")));
        Assert.Equal(["DE", "us-east-1"], settings.Detection.OutsideRegion.AllowedRegions[0].Regions);
    }

    [Fact]
    public void What_cuts_an_address_off_lets_all_others_of_both_families_through()
    {
        var spec = One(BlockRemedies.Of(Facts)[0].Snippet)["spec"]!;
        Assert.Equal("report", (string?)spec["podSelector"]!["matchLabels"]!["app"]);
        var to = spec["egress"]![0]!["to"]!;
        Assert.Equal(("0.0.0.0/0", "52.0.0.1/32", "::/0"), Blocks(to));

        // Some network plugins do not match pods by their addresses: without this the mesh would be cut off too.
        Assert.Equal("{}", to[2]!["namespaceSelector"]!.ToJsonString());
        to = One(BlockRemedies.Of(Facts with { Address = IPAddress.Parse("2001:db8::1") })[0].Snippet)["spec"]!["egress"]![0]!["to"]!;
        Assert.Equal(("::/0", "2001:db8::1/128", "0.0.0.0/0"), Blocks(to));

        static (string?, string?, string?) Blocks(JsonNode to) =>
            ((string?)to[0]!["ipBlock"]!["cidr"], (string?)to[0]!["ipBlock"]!["except"]![0], (string?)to[1]!["ipBlock"]!["cidr"]);
    }

    [Fact]
    public void A_host_is_refused_by_what_the_proxy_sees_of_it()
    {
        var tls = One(BlockRemedies.Of(Facts)[1].Snippet)["spec"]!["rules"]![0]!;
        Assert.Equal(
            ("connection.sni", "api.stripe.com", "443"),
            ((string?)tls["when"]![0]!["key"], (string?)tls["when"]![0]!["values"]![0], (string?)tls["to"]![0]!["operation"]!["ports"]![0]));
        var http = One(BlockRemedies.Of(Facts with { Protocol = "http", Port = "80" })[1].Snippet)["spec"]!["rules"]![0]!;
        Assert.Equal(["api.stripe.com", "api.stripe.com:80"], http["to"]![0]!["operation"]!["hosts"]!.AsArray().Select(host => (string?)host));
    }

    [Fact]
    public void An_alert_without_a_workload_blocks_nothing() => Assert.Empty(BlockRemedies.Of(Facts with { Source = new("", "") }));

    [Theory]
    [InlineData("EgressBlocked")]
    [InlineData("EgressNewDestination")]
    [InlineData("EgressBeaconing")]
    [InlineData("EgressForbidden")]
    [InlineData("EgressMetadataService")]
    [InlineData("EgressOutsideRegion")]
    [InlineData("EgressUploadSpike")]
    public void Hostile_text_is_one_value_of_every_snippet(string alertName)
    {
        const string text = AlertSamples.Hostile;
        var facts = Facts with { AlertName = alertName, Source = new(text, text), Destination = text, Region = text, ClaimedName = text };
        var snippets = BlockRemedies.Of(facts).Concat(WantedRemedies.Of(facts, new())).Select(remedy => remedy.Snippet).Where(snippet => snippet.Length > 0);
        var values = snippets.SelectMany(Yaml.Read).SelectMany(Values).ToList();
        Assert.NotEmpty(values);
        Assert.Contains(values, value => value.Contains(text, StringComparison.Ordinal));

        // What holds a part of the text holds all of it: nothing has ended a value early.
        Assert.All(
            values.Where(value => value.Contains("reboot", StringComparison.Ordinal)),
            value => Assert.True(value.Contains(text, StringComparison.Ordinal) || value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'), value));
    }

    [Theory]
    [InlineData("api.stripe.com", "api.stripe.com")]
    [InlineData("batch/report", "batch/report")]
    [InlineData("52.0.0.1/32", "52.0.0.1/32")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("1e3", "\"1e3\"")]
    [InlineData("::1", "\"::1\"")]
    [InlineData("a: b", "\"a: b\"")]
    [InlineData("a\n", "\"a\\u000A\"")]
    [InlineData("", "\"\"")]
    [InlineData("*.example.com", "\"*.example.com\"")]
    public void A_value_of_YAML_is_plain_where_that_is_safe(string text, string expected)
    {
        Assert.Equal(expected, YamlText.Value(text));
        Assert.Equal(text, (string?)One($"x: {YamlText.Value(text)}")["x"]);
        Assert.Equal(text, (string?)One($"x: {YamlText.List(text, text)}")["x"]![1]);
    }

    [Fact]
    public async Task A_silence_has_the_labels_of_the_alert_as_a_shell_reads_them()
    {
        var alert = AlertSamples.Of("EgressBlocked", workload: "it's", destination: AlertSamples.Hostile);
        var remedy = SilenceRemedies.Of(alert, new AlertingOptions());
        Assert.StartsWith("amtool silence add --alertmanager.url=http://127.0.0.1:9093 --duration=8h --comment=", remedy.Snippet, StringComparison.Ordinal);
        Assert.Equal("", SilenceRemedies.Url(alert, new AlertingOptions()));

        var script = "amtool() { printf '%s\\0' \"$@\"; }\n" + remedy.Snippet;
        var arguments = (await Tool.OutputAsync("bash", ["-c", script])).Split('\0').Skip(5).SkipLast(1).ToList();
        var escaped = AlertSamples.Hostile.Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        Assert.Equal(
            ["alertname=\"EgressBlocked\"", "source_workload_namespace=\"batch\"", "source_workload=\"it's\"", $"destination=\"{escaped}\""], arguments);
    }

    [Fact]
    public void The_page_of_a_silence_is_filled_in()
    {
        var options = new AlertingOptions { AlertmanagerExternalUrl = new("https://alertmanager.example.com/am/") };
        var url = SilenceRemedies.Url(AlertSamples.Of("EgressBlocked", destination: "a.example.com"), options);
        const string before = "https://alertmanager.example.com/am/#/silences/new?filter=";
        Assert.StartsWith(before, url, StringComparison.Ordinal);
        Assert.Equal(
            "{alertname=\"EgressBlocked\",source_workload_namespace=\"batch\",source_workload=\"report\",destination=\"a.example.com\"}",
            Uri.UnescapeDataString(url[before.Length..]));
    }

    private static JsonNode One(string yaml) => Assert.Single(Yaml.Read(yaml));

    private static IEnumerable<string> Values(JsonNode node) => node switch
    {
        JsonObject map => map.SelectMany(entry => Values(entry.Value!).Append(entry.Key)),
        JsonArray list => list.SelectMany(item => Values(item!)),
        _ => [node.ToString()],
    };
}
