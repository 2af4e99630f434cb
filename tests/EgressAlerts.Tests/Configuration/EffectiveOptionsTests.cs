using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Configuration;

public sealed class EffectiveOptionsTests : IDisposable
{
    /// <summary>Every list of sections has an entry here.</summary>
    private const string Full = """
        prometheus:
          url: http://me:s3cret@prometheus:9090/x?token=s3cret
          http_headers: { X-Scope-OrgID: { values: [s3cret], secrets: [s3cret] } }
          proxy_url: http://me:s3cret@proxy:3128
        destinations: { networks: [{ name: vpc, cidrs: [10.20.0.0/16] }] }
        detection:
          outside_region: { allowed_regions: [{ namespace: shop, regions: [DE] }] }
          threat_listed: { lists: [{ name: drop, file: LIST }] }
          workload_groups: [{ match: 'ci/build-*', as: ci/build }]
          overrides: [{ workloads: [batch/*], learning: 1h, upload_spike: { floor: 10GiB } }]
        policies: [{ action: forbid, source: { labels: { source_version: v2 } }, destination: { names: ['*.cnn.com'] } }]
        alerting:
          alertmanagers:
            - { url: 'https://am:9093', basic_auth: { username: s3cret, password: s3cret } }
            - { dns_sd_configs: [{ names: [am.example.com] }], file_sd_configs: [{ files: [TARGETS] }], authorization: { type: s3cret, credentials: s3cret } }
          external_labels: { cluster: production }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_key_is_there_and_without_a_configuration_each_has_its_default()
    {
        var effective = EffectiveOptions.List(new Settings(), new Settings());
        Assert.All(effective, option => Assert.True(option.IsDefault, option.Key));
        var keys = KeyTable.Of(new Settings()).Where(key => !key.Key.Contains("[].", StringComparison.Ordinal) && !IsNamed(key.Key));
        var shown = effective.ToDictionary(option => option.Key, option => option.Value);
        foreach (var (key, (takes, standard)) in keys.Where(key => key.Key != "alerting.alertmanagers"))
        {
            Assert.True(shown.TryGetValue(key, out var value), key);
            if (!takes.StartsWith("list", StringComparison.Ordinal) && !takes.StartsWith("names", StringComparison.Ordinal)) Assert.Equal(standard, value);
        }
    }

    [Fact]
    public void Every_key_of_the_reference_is_shown_where_it_is_given()
    {
        var shown = Shown(Load()).Select(option => Generic(option.Key)).ToHashSet();
        // An override shows what it changes, only Prometheus has headers here, and it has one url.
        var keys = KeyTable.Of(new Settings()).Keys.Where(key => !key.StartsWith("detection.overrides[]", StringComparison.Ordinal))
            .Where(key => !key.StartsWith("alerting.alertmanagers[].http_headers", StringComparison.Ordinal))
            .Where(key => !key.StartsWith("prometheus.servers[]", StringComparison.Ordinal));
        Assert.Equal([], keys.Where(key => !shown.Contains(key) && !shown.Any(one => one.StartsWith(key, StringComparison.Ordinal))));
    }

    [Fact]
    public void A_secret_is_never_shown()
    {
        var shown = Shown(Load());
        Assert.DoesNotContain(shown, option => $"{option}".Contains("s3cret", StringComparison.Ordinal));
        Assert.Equal(8, shown.Count(option => option.Value.Contains(EffectiveOptions.Secret, StringComparison.Ordinal)));
        Assert.Equal("...@proxy:3128", Value(shown, "prometheus.proxy_url"));
    }

    [Fact]
    public void What_is_given_differs_from_its_default_and_an_override_shows_what_it_changes()
    {
        var shown = Shown(Load());
        Assert.Equal(
            ["detection.overrides[0].workloads=[batch/*]", "detection.overrides[0].learning=1h", "detection.overrides[0].upload_spike.floor=10GiB"],
            shown.Where(option => option.Key.StartsWith("detection.overrides", StringComparison.Ordinal)).Select(option => $"{option.Key}={option.Value}"));
        Assert.Equal("[*.cnn.com]", Value(shown, "policies[0].destination.names"));
        Assert.Equal("v2", Value(shown, "policies[0].source.labels.source_version"));
        Assert.Equal("production", Value(shown, "alerting.external_labels.cluster"));
        Assert.Equal((true, false), (Find(shown, "dns.timeout").IsDefault, Find(shown, "alerting.alertmanagers[0].url").IsDefault));
    }

    private static bool IsNamed(string key) => key.Contains(".NAME.", StringComparison.Ordinal);

    private static string Generic(string key) => System.Text.RegularExpressions.Regex.Replace(key, @"\[\d+\]", "[]").Replace(
        "http_headers.X-Scope-OrgID", "http_headers.NAME", StringComparison.Ordinal);

    private static EffectiveOption Find(IEnumerable<EffectiveOption> shown, string key) => Assert.Single(shown, option => option.Key == key);

    private static string Value(IEnumerable<EffectiveOption> shown, string key) => Find(shown, key).Value;

    private static IReadOnlyList<EffectiveOption> Shown(Settings settings) => EffectiveOptions.List(settings, new Settings());

    private Settings Load()
    {
        var (list, targets) = (_folder.Write("drop.txt", "203.0.113.0/24"), _folder.Write("targets.yml", "- targets: ['127.0.0.1:9093']"));
        var text = Full.Replace("LIST", list, StringComparison.Ordinal).Replace("TARGETS", targets, StringComparison.Ordinal);
        return ConfigLoader.Load(_folder.Write("egress-alerts.yml", text));
    }
}
