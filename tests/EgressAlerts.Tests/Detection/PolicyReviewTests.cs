using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

/// <summary>Policies that do nothing, and what is said about them.</summary>
public sealed class PolicyReviewTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("action: allow", "action: forbid", true)]
    [InlineData("action: allow", "action: forbid, destination: {routes: [blocked]}", false)]
    [InlineData("action: forbid, destination: {routes: [blocked, registered]}", "action: allow, destination: {routes: [blocked]}", true)]
    [InlineData("action: allow, source: {namespaces: ['team-*']}", "action: forbid, source: {namespaces: [team-a, 'team-b*'], workloads: [x]}", true)]
    [InlineData("action: allow, source: {namespaces: [team-a]}", "action: forbid, source: {namespaces: ['team-*']}", false)]
    [InlineData("action: allow, source: {namespaces: [team-a]}", "action: forbid", false)]
    [InlineData("action: allow, destination: {names: ['*.example.com']}", "action: allow, destination: {names: ['*.a.example.com', b.example.com]}", true)]
    [InlineData("action: allow, destination: {names: ['*.example.com']}", "action: allow, destination: {names: [example.com]}", false)]
    [InlineData("action: allow, destination: {names: ['*.example.com']}", "action: forbid, destination: {names: [a.example.com]}", false)]
    [InlineData("action: forbid, destination: {names: ['*.example.com']}", "action: allow, destination: {names: [a.example.com]}", true)]
    [InlineData("action: allow, destination: {cidrs: [10.0.0.0/8]}", "action: forbid, destination: {cidrs: [10.1.0.0/16], ports: [22]}", true)]
    [InlineData("action: allow, destination: {cidrs: [10.1.0.0/16]}", "action: forbid, destination: {cidrs: [10.0.0.0/8]}", false)]
    [InlineData("action: allow, destination: {ports: [80, 443]}", "action: forbid, destination: {ports: [443]}", true)]
    [InlineData("action: allow, until: 2026-05-01", "action: forbid", false)]
    public void A_policy_is_shadowed_where_an_earlier_one_takes_all_of_its_traffic(string first, string second, bool expected)
    {
        var policies = Load($"policies: [{{name: a, {first}}}, {{name: b, {second}}}]").Detection.Policies;
        Assert.Equal(expected, PolicyReview.ShadowOf(policies, 1, Now) is not null);
    }

    [Fact]
    public void A_policy_is_unused_after_thirty_days_without_a_hit()
    {
        const string yaml = "policies: [{name: a, action: allow, destination: {ports: [1]}}, {name: old, action: allow, until: 2026-05-01}]";
        var policies = Load(yaml).Detection.Policies;
        var hits = new Dictionary<string, PolicyHit> { ["a"] = new() { Since = Now.AddDays(-29) } };
        Assert.Equal(["active", "expired"], States());
        hits["a"] = new() { Since = Now.AddDays(-31) };
        Assert.Equal(["unused", "expired"], States());
        hits["a"] = new() { Since = Now.AddDays(-31), Hits = 1, LastHit = Now.AddDays(-1) };
        Assert.Equal(["active", "expired"], States());

        IEnumerable<string> States() => new PolicyReview(policies).States(hits, Now).Values.Select(state => $"{state}".ToLowerInvariant());
    }

    [Fact]
    public void What_cannot_mean_what_it_says_is_warned_of()
    {
        var settings = Load(
            """
            dns: {confirm: false}
            destinations: {networks: [{name: vpc, cidrs: [10.20.0.0/16]}]}
            policies:
              - {name: address, action: forbid, destination: {names: [192.0.2.7]}}
              - {name: named, action: allow, destination: {names: [vpc, www.example.com]}}
              - {name: ended, action: allow, until: 2026-05-01, source: {workloads: [x]}}
              - {name: all, action: forbid}
              - {name: late, action: allow, destination: {ports: [443]}}
            """);
        var warnings = PolicyWarnings.Find(settings.Detection.Policies, new HashSet<string> { "vpc" }, settings.Dns.Confirm, Now).ToList();
        Assert.Equal(["address", "named", "ended", "late"], warnings.Select(warning => warning.Policy.Name));
        string[] expected = ["write cidrs: [192.0.2.7/32]", "vouch for www.example.com", "ended with 2026-05-01", "because all before it takes"];
        Assert.All(expected.Zip(warnings), pair => Assert.Contains(pair.First, pair.Second.Complaint, StringComparison.Ordinal));
    }

    [Fact]
    public void A_warning_names_the_file_in_which_the_policy_stands()
    {
        var more = _folder.Write("more.yaml", "- {name: twice, action: forbid, destination: {ports: [22]}}\n");
        var config = _folder.Write("config.yml", $"policies: [{{name: all, action: forbid}}]\npolicy_files: ['{more}']\n");
        var warning = Assert.Single(ConfigLoader.Warnings(config, Now));
        Assert.StartsWith($"{more}: policy twice can never match, because all before it", warning, StringComparison.Ordinal);
        Assert.Empty(ConfigLoader.Warnings(Repository.File("deploy", "egress-alerts.yml"), Now));
    }

    private Settings Load(string yaml) => ConfigLoader.Load(_folder.Write("config.yml", yaml));
}
