using System.Net;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Decisions;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using EgressAlerts.Tests.Detection;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Host;

/// <summary>What the command <c>allow</c> makes of an alert, and what it does to a file.</summary>
public sealed class AllowCommandTests : IDisposable
{
    private static readonly RemedyFacts Facts = new(
        "EgressNewDestination", new("batch", "report"), "api.stripe.com", NameSource.Sni, Confirmed: true, IPAddress.Parse("52.0.0.1"), "443", "tcp", "", "",
        "");

    private static readonly AllowDecision Decision = new("ticket 7: \"yes\"", "team", new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("api.stripe.com", NameSource.Sni, true, "{names: [api.stripe.com], ports: [443]}")]
    [InlineData("52.0.0.1", NameSource.Ip, false, "{cidrs: [52.0.0.1/32], ports: [443]}")]
    [InlineData("aws", NameSource.Network, true, "{cidrs: [52.0.0.0/16], ports: [443]}")]
    [InlineData("*.compute-1.amazonaws.com", NameSource.Ptr, true, "{cidrs: [52.0.0.1/32], ports: [443]}")]
    [InlineData("private", NameSource.Special, true, "{cidrs: [52.0.0.1/32], ports: [443]}")]
    public void An_entry_is_about_the_narrowest_thing_that_somebody_vouches_for(string destination, NameSource source, bool confirmed, string expected)
    {
        var entry = Make(Facts with { Destination = destination, NameSource = source, Confirmed = confirmed }, out _)!;
        Assert.Equal($"  destination: {expected}", entry.Lines[^1]);
        var policy = Assert.Single(PolicyFile.Read(_folder.Write("a.yml", $"{entry}")));
        Assert.Equal((PolicyAction.Allow, PolicyVolume.Usual, Decision.Reason, "team", Decision.Until),
            (policy.Action, policy.Volume, policy.Reason, policy.Owner, policy.Until));
        Assert.Equal(("batch", "report"), (policy.Source.Namespaces[0].Text, policy.Source.Workloads[0].Text));
    }

    [Theory]
    [InlineData("stripe.com", true, "{names: [stripe.com, \"*.stripe.com\"]}")]
    [InlineData("52.0.0.0/24", false, "{cidrs: [52.0.0.0/24]}")]
    public void An_upload_is_allowed_with_any_volume_for_its_group(string group, bool confirmed, string expected)
    {
        var entry = Make(Facts with { AlertName = "EgressUploadSpike", Destination = group, Confirmed = confirmed, Address = null, Port = "" }, out _)!;
        Assert.Equal($"  destination: {expected}", entry.Lines[^1]);
        Assert.Equal(PolicyVolume.Any, Assert.Single(PolicyFile.Read(_folder.Write("a.yml", $"{entry}"))).Volume);
    }

    [Fact]
    public void What_the_mesh_blocks_is_allowed_on_that_route_only() =>
        Assert.EndsWith("ports: [443], routes: [blocked]}", Make(Facts with { AlertName = "EgressForbidden", Route = Route.Blocked }, out _)!.Lines[^1],
            StringComparison.Ordinal);

    [Theory]
    [InlineData("EgressFanOut", "detection.overrides")]
    [InlineData("EgressThreatListed", "action: ignore")]
    [InlineData("EgressNameMismatch", "ServiceEntry")]
    [InlineData("EgressMetadataService", "detection.metadata_service.allowed")]
    [InlineData("EgressBlocked", "ServiceEntry")]
    [InlineData("EgressAlertsWatchdog", "runbook")]
    public void What_allow_does_not_lift_is_refused_with_what_to_do_instead(string alertName, string expected)
    {
        Assert.Null(Make(Facts with { AlertName = alertName }, out var refusal));
        Assert.Contains(expected, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_is_only_claimed_is_refused_unless_its_address_is_asked_for()
    {
        var claimed = Facts with { Confirmed = false };
        Assert.Null(Make(claimed, out var refusal));
        Assert.Contains("allow the address 52.0.0.1/32 (--by-address)", refusal, StringComparison.Ordinal);
        Assert.Contains("cidrs: [52.0.0.1/32]", $"{AllowEntry.Make(claimed, _ => null, Decision with { ByAddress = true }, out _)}", StringComparison.Ordinal);
        Assert.Null(Make(Facts with { AlertName = "EgressUploadSpike", Destination = "" }, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# Ours.\n- {name: old, action: forbid}")]
    [InlineData("- name: old   # why\n  action: forbid\n\n")]
    [InlineData("policies:\n  - name: old\n    action: forbid\n")]
    [InlineData("policies:\n- name: old\n  action: forbid\n")]
    [InlineData("- name: old\r\n  action: forbid\r\n")]
    public void An_entry_is_appended_and_all_bytes_before_it_stay(string before)
    {
        var file = _folder.Write("a.yml", before);
        Assert.False(AllowFile.Write(file, Make(Facts, out _)!));
        Assert.StartsWith(before, File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(before.Length == 0 ? 1 : 2, PolicyFile.Read(file).Count);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_second_decision_about_the_same_alert_renews_the_entry()
    {
        var file = _folder.File("new.yml");
        AllowFile.Write(file, Make(Facts, out _)!);
        AllowFile.Write(file, Make(Facts with { Port = "80" }, out _)!);
        var later = Decision with { Reason = "again", Owner = "", Until = Decision.Until!.Value.AddDays(30) };
        Assert.True(AllowFile.Write(file, AllowEntry.Make(Facts, _ => null, later, out _)!));
        var policies = PolicyFile.Read(file);
        Assert.Equal([later.Until, Decision.Until], policies.Select(policy => policy.Until));
        Assert.Equal(["again", Decision.Reason], policies.Select(policy => policy.Reason));
    }

    [Theory]
    [InlineData("[{name: old, action: forbid}]\n")]
    [InlineData("- {name: broken\n")]
    public void A_file_to_which_nothing_can_be_appended_stays_as_it_is(string text)
    {
        var file = _folder.Write("a.yml", text);
        Assert.Throws<InvalidDataException>(() => AllowFile.Write(file, Make(Facts, out _)!));
        Assert.Equal(text, File.ReadAllText(file));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task An_alert_of_the_database_becomes_an_entry_that_the_service_reads()
    {
        var fingerprint = Fire();
        var file = _folder.Write("decisions.yml", "");
        var config = _folder.Write("config.yaml", $"policy_files: ['{_folder.Path}/*.yml']\n");
        var arguments = new AllowArguments(fingerprint, "wanted", "", "30d", file, false, config, _folder.Path, null);
        var (isGood, output, errors) = await RunAsync(arguments);
        Assert.True(isGood, errors);
        Assert.Equal($"{file}: written\n", errors);
        Assert.Equal(output, File.ReadAllText(file));
        Assert.Equal("batch-report-may-api-stripe-com", Assert.Single(PolicyFile.Read(file)).Name[..31]);
        (_, _, errors) = await RunAsync(arguments with { File = _folder.File("elsewhere.yaml") });
        Assert.Contains("is not among the policy_files of the configuration", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_that_a_policy_before_it_would_make_useless_is_not_written()
    {
        var file = _folder.File("decisions.yml");
        var config = _folder.Write("config.yaml", $"policies: [{{name: no, action: forbid}}]\npolicy_files: ['{_folder.Path}/*.yml']\n");
        var (isGood, _, errors) = await RunAsync(new(Fire(), "wanted", "", "2100-01-01", file, false, config, _folder.Path, null));
        Assert.False(isGood);
        Assert.Contains("policy no comes before it and forbids this", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Where_there_is_no_database_or_no_such_alert_it_says_where_to_ask()
    {
        var arguments = new AllowArguments("0123456789abcdef", "wanted", "", "30d", null, false, null, _folder.Path, null);
        Assert.Contains("--url=http://host:10098", (await RunAsync(arguments)).Errors, StringComparison.Ordinal);
        Fire();
        Assert.Contains("has no alert 0123456789abcdef", (await RunAsync(arguments)).Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("xyz", "why", "30d", "FINGERPRINT")]
    [InlineData("0123456789abcdef", " ", "30d", "--reason")]
    [InlineData("0123456789abcdef", "why", "soon", "--until")]
    [InlineData("0123456789abcdef", "why", "2020-01-01", "--until: 2020-01-01 is over")]
    [InlineData("0123456789abcdef", "why", "2099-01-01", "--until: it is more than ten years away")]
    public void Arguments_that_say_nothing_are_refused(string fingerprint, string reason, string until, string expected)
    {
        var complaint = AllowCommand.Complaint(new(fingerprint, reason, "", until, null, false, null, "data/", null), Timeline.Start);
        Assert.StartsWith(expected, complaint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "--http.config.file: it says how to reach --url")]
    [InlineData("https://me:secret@host:10098", "--url: it holds a user name: write it as basic_auth into --http.config.file")]
    [InlineData("https://host:10098", null)]
    public void A_file_of_HTTP_settings_goes_with_a_URL_that_has_no_user_name(string? url, string? expected)
    {
        var arguments = new AllowArguments(
            "0123456789abcdef", "why", "", "30d", null, false, null, "data/", url is null ? null : new Uri(url), _folder.Write("http.yml", ""));
        var complaint = AllowCommand.Complaint(arguments, Timeline.Start);
        if (expected is null) Assert.Null(complaint);
        else Assert.StartsWith(expected, complaint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_a_file_of_HTTP_settings_is_told_with_its_line_and_no_secret_is()
    {
        var file = _folder.Write("http.yml", "basic_auth:\n  password: geheim\ntls: {ca_file: a.crt}\n");
        var arguments = new AllowArguments(
            "0123456789abcdef", "why", "", "30d", null, false, null, "data/", new Uri("https://host:10098"), file);
        var (isGood, output, errors) = await RunAsync(arguments);
        Assert.Equal((false, ""), (isGood, output));
        Assert.Contains($"{file}:2: basic_auth.username is missing", errors, StringComparison.Ordinal);
        Assert.Contains($"{file}:3: tls is not a known key", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "", "knows no such alert")]
    [InlineData(HttpStatusCode.Unauthorized, "", "asks for a user name and a password: write --url=https://USER:PASSWORD@HOST:10098")]
    [InlineData(HttpStatusCode.OK, "<!doctype html>", "does not tell the alert")]
    [InlineData(HttpStatusCode.OK, "[]", "does not tell the alert")]
    [InlineData(HttpStatusCode.OK, "{}", "does not tell the alert")]
    [InlineData(HttpStatusCode.InternalServerError, "", "does not tell the alert")]
    public async Task A_service_that_does_not_tell_the_alert_is_named(HttpStatusCode status, string body, string expected)
    {
        using var handler = new Answer(status, body);
        using var client = HttpClients.Over(handler);
        var error = await Assert.ThrowsAsync<InvalidDataException>(
            () => AlertLookup.AtServiceAsync(new Uri("http://host:10098/egress/"), "0123456789abcdef", client, CancellationToken.None));
        Assert.StartsWith("http://host:10098/egress/api/v1/alerts/0123456789abcdef", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_service_tells_the_alert()
    {
        using var handler = new Answer(
            HttpStatusCode.OK,
            """
            [{"fingerprint": "0123456789abcdef", "state": "firing", "labels": {"alertname": "EgressBeaconing"}, "annotations": {"port": "443"},
              "starts_at": "2026-01-05T00:00:00+00:00", "ends_at": null, "resolved_at": null}]
            """);
        using var client = HttpClients.Over(handler);
        var alert = await AlertLookup.AtServiceAsync(new Uri("http://me:p%40ss@host:10098"), "0123456789abcdef", client, CancellationToken.None);
        Assert.Equal("http://host:10098/api/v1/alerts/0123456789abcdef Basic bWU6cEBzcw==", handler.Asked);
        Assert.Equal(("EgressBeaconing", "443", Timeline.Start), (alert.Labels["alertname"], alert.Annotations["port"], alert.StartsAt));
    }

    private static AllowEntry? Make(RemedyFacts facts, out string refusal) =>
        AllowEntry.Make(facts, address => new IPNetwork(IPAddress.Parse("52.0.0.0"), 16), Decision, out refusal);

    private static async Task<(bool IsGood, string Output, string Errors)> RunAsync(AllowArguments arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var isGood = await AllowCommand.RunAsync(arguments, TimeProvider.System, output, errors, CancellationToken.None);
        return (isGood, $"{output}", $"{errors}");
    }

    /// <summary>Writes a database with one alert that fires.</summary>
    private string Fire()
    {
        using var store = new Store(_folder.Path, new StorageMetrics(new MetricRegistry()), TimeProvider.System, NullLogger<Store>.Instance);
        var state = store.Read();
        var book = new AlertBook(new AlertingOptions(), state, new AlertMetrics(new MetricRegistry()));
        var finding = new Finding(
            "EgressNewDestination", "info", new("batch", "report"), "api.stripe.com", Timeline.Start, "s", "d", NameSource.Sni, true, "e")
        {
            Flow = Samples.Flow("52.0.0.1", source: new("batch", "report"), port: "443"),
        };
        var alert = Assert.Single(book.Update([finding], Samples.Window(1)));
        state.Commit();
        return alert.Fingerprint;
    }

    /// <summary>Answers every request with the same.</summary>
    private sealed class Answer(HttpStatusCode status, string body) : HttpMessageHandler
    {
        public string Asked { get; private set; } = "";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked = $"{request.RequestUri} {request.Headers.Authorization}";
            return Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
        }
    }
}
