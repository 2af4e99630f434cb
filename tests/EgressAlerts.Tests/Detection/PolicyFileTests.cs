using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

/// <summary>Policies that lie in files of their own, and are read again when these change.</summary>
public sealed class PolicyFileTests : IDisposable
{
    private const string Forbid = "- {name: no-example, action: forbid, destination: {names: [www.example.com]}}\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_of_files_come_after_those_of_the_configuration_in_the_order_of_the_files()
    {
        _folder.Write("b.yml", "policies:\n  - {name: b, action: forbid}\n");
        _folder.Write("a.yml", "# Nothing but\n- {name: a1, action: allow, until: 2026-12-31, reason: ticket 7, owner: team}\n- {name: a2, action: forbid}\n");
        _folder.Write("empty.yml", "");
        var settings = Load("policies: [{name: own, action: allow}]");
        var policies = Timeline.New(settings.Detection).Policies;
        Assert.Equal(["own", "a1", "a2", "b"], policies.Select(policy => policy.Name));
        Assert.Equal(("ticket 7", "team", new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero)), (policies[1].Reason, policies[1].Owner, policies[1].Until));
        Assert.Equal("warning", policies[2].Severity);
        Assert.EndsWith("b.yml", policies[3].File, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("- {action: forbid}", "a.yml:1: policies[0].name is missing: an entry of a policy file needs a name that stays")]
    [InlineData("- {name: x, action: forbid, source: {labels: {app: x}}}", "a.yml:1: policies[0].source.labels cannot be asked for in a policy file")]
    [InlineData(
        "policies:\n- {name: x, action: forbid, destination: {path_prefixes: [/x]}}",
        "a.yml:2: policies[0].destination.path_prefixes cannot be asked for in a policy file")]
    [InlineData("- {name: x, action: alert}", "a.yml:1: policies[0].action 'alert' is now called forbid")]
    [InlineData("policy: []", "a.yml:1: policy is not a known key; known here: policies")]
    [InlineData("text", "a.yml:1: a policy file holds a list of")]
    [InlineData("- {name: own, action: forbid}", "a.yml has a policy of the name 'own', which the configuration has too")]
    public void A_file_that_cannot_be_used_is_an_error_at_the_start(string yaml, string expected)
    {
        _folder.Write("a.yml", yaml);
        var error = Assert.Throws<ConfigException>(() => Load("policies: [{name: own, action: allow}]"));
        Assert.Contains("policy_files cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_file_holds_from_the_next_window_on_and_a_broken_one_leaves_the_old_entries()
    {
        var file = _folder.Write("a.yml", "");
        var time = new Timeline(Load("policies: [{name: other, action: forbid, destination: {ports: [1]}}]").Detection);
        Assert.Empty(time.Step(Timeline.To("www.example.com", 1)));
        File.WriteAllText(file, Forbid);
        Assert.Equal("EgressForbidden", Assert.Single(time.Step(Timeline.To("www.example.com", 1))).AlertName);
        File.WriteAllText(file, "- {name: broken");
        time.Step(Timeline.To("www.example.com", 1));
        Assert.Equal(2, time.PolicyHits["no-example"].Hits);
        File.WriteAllText(file, Forbid + "- {name: more, action: forbid, destination: {ports: [2]}}\n");
        time.Step(Timeline.To("www.example.com", 1));
        Assert.Equal((3, 0), (time.PolicyHits["no-example"].Hits, time.PolicyHits["more"].Hits));
        File.WriteAllText(file, "- {name: allowed, action: allow, destination: {names: [www.example.com]}}\n");
        Assert.Empty(time.Step());
        Assert.Equal(["allowed", "other"], time.PolicyHits.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_that_a_pattern_finds_later_is_used_and_one_that_it_finds_no_more_is_not()
    {
        var detectors = Timeline.New(Load("").Detection);
        Assert.Empty(detectors.Policies);
        var file = _folder.Write("new.yml", Forbid);
        detectors.Observe(Samples.NamedAs(1));
        Assert.Single(detectors.Policies);
        Assert.Equal(file, Assert.Single(detectors.Files).Path);
        File.Delete(file);
        detectors.Observe(Samples.NamedAs(2));
        Assert.Empty(detectors.Policies);
    }

    [Fact]
    public void An_entry_may_move_from_one_file_to_another_but_may_not_be_in_both()
    {
        var (a, b) = (_folder.Write("a.yml", ""), _folder.Write("b.yml", Forbid));
        var detectors = Timeline.New(Load("").Detection);
        File.WriteAllText(a, Forbid);
        detectors.Observe(Samples.NamedAs(1));
        Assert.Equal(b, Assert.Single(detectors.Policies).File);
        Assert.All(detectors.Files, file => Assert.Contains("has a policy of the name 'no-example'", file.Refusal, StringComparison.Ordinal));
        File.WriteAllText(b, "");
        detectors.Observe(Samples.NamedAs(2));
        Assert.Equal(a, Assert.Single(detectors.Policies).File);
    }

    private Settings Load(string yaml) => ConfigLoader.Load(_folder.Write(
        "config.yaml", $"policy_files: ['{_folder.Path}/*.yml']\ndetection: {{watchdog: {{enabled: false}}}}\n{yaml}\n"));
}
