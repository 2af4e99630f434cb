using System.Net;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Naming;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Configuration;

public sealed class ConfigLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_reference_says_the_codes_defaults() => Assert.Equal(Text(new Settings()), Text(ConfigLoader.Load(Reference)));

    [Fact]
    public void Documents_name_every_key_that_the_code_knows()
    {
        var (all, keys) = (KeyTable.Of(new Settings()), KeyTable.Of(new Settings()));
        // What is said once: overrides have the detectors' keys, each Alertmanager has the HTTP client settings, and so has the server that gives tokens.
        foreach (var (path, facts) in all)
        {
            foreach (var (prefix, said) in (ReadOnlySpan<(string, string)>)
                [
                    ("detection.overrides[].", "detection."), ("alerting.alertmanagers[].", "prometheus."), ("prometheus.servers[].", "prometheus."),
                    ("prometheus.oauth2.", "prometheus."),
                ])
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal) && all.TryGetValue(said + path[prefix.Length..], out var first)
                    && (first == facts || path.EndsWith("].url", StringComparison.Ordinal))) keys.Remove(path);
            }
        }

        var table = keys.Select(key => $"| `{key.Key}` | {key.Value.Takes} | {(key.Value.Standard.Length > 0 ? $"`{key.Value.Standard}`" : "")} |");
        var reference = File.ReadAllLines(Repository.File("deploy", "reference", "configuration.md"))
            .SkipWhile(line => line != "| key | takes | default |").Skip(2).TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(string.Join('\n', table), string.Join('\n', reference));

        var documented = ReferenceKeys.Read([.. File.ReadLines(Reference).Select(line => line.Replace("X-Scope-OrgID", "NAME", StringComparison.Ordinal))]);
        Assert.Equal([], keys.Keys.Where(key => !documented.Contains(key)));
    }

    [Fact]
    public void An_empty_file_means_the_defaults() => Assert.Equal(Text(new Settings()), Text(Load("")));

    [Theory]
    [InlineData("prometheus:\n  intervall: 30s", "2: prometheus.intervall is not a known key; known here: authorization, basic_auth, delay")]
    [InlineData("prometheus:\n  url: http://x\n  interval: soon", "3: prometheus.interval 'soon' is not a duration from 1s to 1h, such as 30s or 1h30m")]
    [InlineData("prometheus: {interval: 2d}", "1: prometheus.interval '2d' is not a duration from 1s to 1h")]
    [InlineData("prometheus: {url: localhost:9090}", "1: prometheus.url 'localhost:9090' is not an absolute http or https URL")]
    [InlineData("prometheus: {max_response_bytes: 12 apples}", "1: prometheus.max_response_bytes '12 apples' is not a size from 1MiB to 16GiB, such as 512MiB")]
    [InlineData("prometheus: {matchers: ['job=~x']}", "1: prometheus.matchers 'job=~x' is not a label matcher such as job=\"envoy-stats\"")]
    [InlineData("prometheus: [1]", "1: prometheus is not a section of keys")]
    [InlineData("dns: {attempts: 99}", "1: dns.attempts '99' is not a whole number from 1 to 5")]
    [InlineData("dns: {confirm: yes}", "1: dns.confirm 'yes' is neither true nor false")]
    [InlineData("dns: {servers: [example.com]}", "1: dns.servers 'example.com' is not an address with an optional port")]
    [InlineData("dns:\n  cache:\n    max_ttl: 1s", "3: dns.cache.max_ttl is shorter than min_ttl")]
    [InlineData("telemetry: {egress_gateways: [gateway]}", "1: telemetry.egress_gateways 'gateway' is not namespace/workload")]
    [InlineData(
        "telemetry: {service_entry_files: [/nowhere.yml]}",
        "1: telemetry.service_entry_files cannot be used: /nowhere.yml:0: this file cannot be read")]
    [InlineData(
        "telemetry: {kubernetes: {watch: true, kubeconfig: /nowhere}}",
        "1: telemetry.kubernetes.kubeconfig cannot be used: there is no file '/nowhere'; write one with 'kubectl config view --minify --flatten'")]
    [InlineData("telemetry: {mesh_mode: magic}", "1: telemetry.mesh_mode 'magic' is none of sidecar, ambient")]
    [InlineData("telemetry: {cluster_networks: [10.1.0.0/8]}", "1: telemetry.cluster_networks '10.1.0.0/8' is not a network such as 10.20.0.0/16")]
    [InlineData("destinations: {networks: [{name: 'a b', cidrs: [10.0.0.0/8]}]}", "1: destinations.networks[0].name 'a b' holds more than letters")]
    [InlineData("destinations: {networks: [{cidrs: [10.0.0.0/8]}]}", "1: destinations.networks[0].name is missing or holds more than letters")]
    [InlineData("destinations: {networks: [{name: a}]}", "1: destinations.networks[0].cidrs holds no network")]
    [InlineData("destinations: {network_files: [nowhere.yml]}", "1: destinations.network_files cannot be used: nowhere.yml:0: the file cannot be read")]
    [InlineData("destinations: {networks: [{name: a, cidrs: ['::ffff:10.1.2.3/96']}]}", "1: destinations.networks[0].cidrs '::ffff:10.1.2.3/96' is not")]
    [InlineData("detection: {blocked: {severity: page}}", "1: detection.blocked.severity 'page' is none of info, warning, critical")]
    [InlineData(
        "detection: {metadata_service: {allowed: [agent]}}",
        "1: detection.metadata_service.allowed 'agent' is not namespace/workload, where each may have a * at its beginning or end")]
    [InlineData(
        "detection:\n  outside_region:\n    allowed_regions:\n      - regions: [DE]",
        "4: detection.outside_region.allowed_regions[0].namespace is missing")]
    [InlineData(
        "detection: {outside_region: {allowed_regions: [{namespace: a, regions: [DE]}, {namespace: a, regions: [FR]}]}}",
        "1: detection.outside_region.allowed_regions[1].namespace is there twice")]
    [InlineData(
        "detection: {workload_groups: [{match: 'ci/job-*'}]}",
        "1: detection.workload_groups[0].as is missing or is not namespace/workload without a *")]
    [InlineData(
        "detection: {workload_groups: [{match: job, as: 'ci/*'}]}",
        "1: detection.workload_groups[0].match 'job' is not namespace/workload, where each may have a * at its beginning or end")]
    [InlineData("detection: {probing: {destinations: 1}}", "1: detection.probing.destinations")]
    [InlineData(
        "destinations: {public_suffix_list: /etc/hostname}",
        "1: destinations.public_suffix_list cannot be used: /etc/hostname is no Public Suffix List")]
    [InlineData("policies: [{}]", "1: policies[0].action is missing: allow, forbid or ignore")]
    [InlineData("policies: [{action: deny}]", "1: policies[0].action 'deny' is none of allow, forbid, ignore")]
    [InlineData("policies: [{action: alert}]", "1: policies[0].action 'alert' is now called forbid: write 'action: forbid'")]
    [InlineData("policies: [{action: allow, until: tomorrow}]", "1: policies[0].until 'tomorrow' is neither a date such as 2026-12-31, up to whose end")]
    [InlineData("policies: [{action: allow, until: '2026-12-31T12:00:00'}]", "1: policies[0].until '2026-12-31T12:00:00' is neither a date")]
    [InlineData("policies: [{action: forbid, volume: any}]", "1: policies[0].volume 'any' needs 'action: allow'")]
    [InlineData("policy_files: [/nope.yml]", "1: policy_files cannot be used: ")]
    [InlineData(
        "policies: [{action: forbid, names: [a.com]}]",
        "1: policies[0].names is not a known key; known here: action, destination, name, owner, reason, severity, source, until, volume")]
    [InlineData("policies: [{action: forbid, name: x}, {action: allow, name: x}]", "1: policies has two of the name 'x'")]
    [InlineData(
        "policies: [{action: forbid, destination: {names: ['www.*.com']}}]",
        "1: policies[0].destination.names 'www.*.com' is not a host name such as www.example.com, nor *.example.com")]
    [InlineData("policies: [{action: forbid, destination: {names: ['*example.com']}}]", "1: policies[0].destination.names '*example.com' is not a host name")]
    [InlineData("policies: [{action: forbid, destination: {ports: [70000]}}]", "1: policies[0].destination.ports '70000' is not a port from 1 to 65535")]
    [InlineData(
        "policies: [{action: forbid, destination: {path_prefixes: [politics]}}]",
        "1: policies[0].destination.path_prefixes 'politics' does not begin with /")]
    [InlineData(
        "policies: [{action: forbid, destination: {routes: [out]}}]",
        "1: policies[0].destination.routes 'out' is none of passthrough, blocked, registered, gateway, unidentified")]
    [InlineData(
        "policies: [{action: forbid, source: {namespaces: [a*b]}}]",
        "1: policies[0].source.namespaces 'a*b' is not a name, which may have a * at its beginning or end")]
    [InlineData("policies: [{action: ignore}]", "1: policies[0].action 'ignore' without a condition would hide all traffic from the detectors: give")]
    [InlineData("policies: [{action: ignore, source: {namespaces: []}, destination: {}}]", "1: policies[0].action 'ignore' without a condition")]
    [InlineData("detection: {overrides: [{learning: 1h}]}", "1: detection.overrides[0].workloads is missing: name at least one namespace/workload")]
    [InlineData("detection: {overrides: [{workloads: [a/b], memory: 1h}]}", "1: detection.overrides[0].memory is not a known key")]
    [InlineData("detection: {overrides: [{workloads: [a/b], threat_listed: {lists: []}}]}", "1: detection.overrides[0].threat_listed.lists is not a known key")]
    [InlineData(
        "detection: {overrides: [{workloads: [a/b], fan_out: {floor: 0}}]}",
        "1: detection.overrides[0].fan_out.floor '0' is not a whole number from 1 to")]
    [InlineData("destinations: {network_files: [nowhere.yml, gone.yml]}", "1: destinations.network_files cannot be used: gone.yml:0: the file cannot be read")]
    [InlineData("detection: {upload_spike: {floor: 12}}", "1: detection.upload_spike.floor '12' is not a size from 1KiB to 1024TiB")]
    [InlineData("detection: {threat_listed: {lists: [{name: drop}]}}", "1: detection.threat_listed.lists[0].file is missing")]
    [InlineData(
        "detection: {threat_listed: {lists: [{name: drop, file: /nowhere/drop.txt}]}}",
        "1: detection.threat_listed.lists[0].file cannot be used: /nowhere/drop.txt cannot be read")]
    [InlineData("alerting:\n  alertmanagers:\n    - basic_auth: {username: x}", "3: alerting.alertmanagers[0].url is missing")]
    [InlineData("alerting: {external_labels: {'9x': y}}", "1: alerting.external_labels.9x is not a label name")]
    [InlineData(
        "prometheus:\n  authorization: {type: Bea rer, credentials: x}",
        "2: prometheus.authorization.type is no scheme such as Bearer: write the scheme alone")]
    [InlineData(
        "prometheus: {authorization: {type: basic, credentials: x}}",
        "1: prometheus.authorization.type is no scheme such as Bearer: write the scheme alone, without spaces, "
        + "and the secret in credentials; for Basic use basic_auth")]
    [InlineData(
        "prometheus:\n  authorization:\n    credentials: |\n      s3cret\n",
        "3: prometheus.authorization.credentials holds a line feed or another character that no header may have: write it on one line, or put it into a file")]
    [InlineData(
        "prometheus: {authorization: {credentials: s3cret, credentials_file: /x}}",
        "1: prometheus.authorization.credentials_file cannot stand beside credentials")]
    [InlineData(
        "prometheus: {basic_auth: {username: me, password: \"s3cret\\n\"}}",
        "1: prometheus.basic_auth.password holds a control character, such as a line feed: write it on one line")]
    [InlineData("prometheus: {basic_auth: {username: 'me:s3cret'}}", "1: prometheus.basic_auth.username holds a colon or a control character")]
    [InlineData("prometheus: {basic_auth: {password: s3cret}}", "1: prometheus.basic_auth.username is missing")]
    [InlineData(
        "prometheus: {basic_auth: {username: me, password: s3cret, password_file: /x}}",
        "1: prometheus.basic_auth.password_file cannot stand beside password")]
    [InlineData("prometheus: {http_headers: {X-Token: {secrets: [\"s3cret\\n\"]}}}", "1: prometheus.http_headers.X-Token has a value with a line feed")]
    [InlineData("prometheus: {http_headers: {'X Token': {values: [s3cret]}}}", "1: prometheus.http_headers.X Token is not the name of a header")]
    [InlineData(
        "prometheus: {url: 'http://me:s3cret@x', basic_auth: {username: me}}",
        "1: prometheus.url holds a user name beside basic_auth: a request has one, so keep one of them")]
    [InlineData(
        "alerting: {alertmanagers: [{url: 'http://me:s3cret@x', authorization: {credentials: y}}]}",
        "1: alerting.alertmanagers[0].url holds a user name beside authorization: a request has one, so keep one of them")]
    [InlineData("prometheus: {url: 'http://me:s3cret%0A@x'}", "1: prometheus.url holds a user name or password with a control character: use basic_auth")]
    [InlineData("prometheus: {url: 'htp://me:s3cret@x/y?token=s3cret'}", "1: prometheus.url '...@x/y' is not an absolute http or https URL")]
    [InlineData(
        "alerting: {external_url: 'http://me:s3cret@x'}",
        "1: alerting.external_url holds a user name or password, which every alert would show: leave it out")]
    [InlineData("alerting: {alertmanager_external_url: 'http://me:s3cret@x'}", "1: alerting.alertmanager_external_url holds a user name or password")]
    [InlineData("prometheus: {external_url: 'http://me:s3cret@x'}", "1: prometheus.external_url holds a user name or password, which pages would show")]
    [InlineData("prometheus: {url: 'http://a', servers: [{url: 'http://b'}]}", "1: prometheus.url cannot stand beside servers: write it into each entry of")]
    [InlineData("prometheus: {basic_auth: {username: a}, servers: [{url: 'http://b'}]}", "1: prometheus.basic_auth cannot stand beside servers")]
    [InlineData("prometheus: {servers: [{cluster: west}]}", "1: prometheus.servers[0].url is missing")]
    [InlineData("prometheus: {servers: [{url: 'http://b', cluster: 'a b'}]}", "1: prometheus.servers[0].cluster 'a b' holds more than letters")]
    [InlineData("prometheus: {external_url: prometheus}", "1: prometheus.external_url 'prometheus' is not an absolute http or https URL")]
    [InlineData(
        "prometheus: {proxy_url: 'http://me:s3cret@x', tls_config: {server_name: y}}",
        "1: prometheus.proxy_url cannot stand beside tls_config.server_name")]
    [InlineData(
        "prometheus: {basic_auth: {username: me}, oauth2: {client_id: a, token_url: 'http://x'}}",
        "1: prometheus.oauth2 cannot stand beside basic_auth: a request has one")]
    [InlineData("prometheus: {oauth2: {client_id: a}}", "1: prometheus.oauth2.token_url is missing")]
    [InlineData("prometheus: {oauth2: {token_url: 'http://x', client_secret: s3cret}}", "1: prometheus.oauth2.client_id is missing")]
    [InlineData(
        "prometheus: {oauth2: {client_id: a, token_url: 'http://x', client_secret: s3cret, client_secret_file: /x}}",
        "1: prometheus.oauth2.client_secret_file cannot stand beside client_secret: keep one of them")]
    [InlineData(
        "prometheus: {oauth2: {client_id: a, token_url: 'http://x', tls_config: {key_file: /etc/hostname}}}",
        "1: prometheus.oauth2.tls_config.key_file stands alone: name its certificate in cert_file")]
    [InlineData("prometheus: {sigv4: {}}", "1: prometheus.sigv4.region is missing: write the region of the workspace")]
    [InlineData("prometheus: {sigv4: {region: 'https://x'}}", "1: prometheus.sigv4.region is no region such as eu-central-1")]
    [InlineData("prometheus: {sigv4: {region: eu-west-1, access_key: a}}", "1: prometheus.sigv4.secret_key is missing")]
    [InlineData(
        "prometheus: {sigv4: {region: eu-west-1, access_key: a, secret_key: s3cret, profile: b}}",
        "1: prometheus.sigv4.profile cannot stand beside access_key: keep one of them")]
    [InlineData("prometheus: {tls_config: {key_file: /etc/hostname}}", "1: prometheus.tls_config.key_file stands alone: name its certificate in cert_file")]
    [InlineData(
        "prometheus: {tls_config: {ca_file: /etc/hostname}}",
        "1: prometheus.tls_config.ca_file cannot be used: /etc/hostname: it holds no certificate")]
    [InlineData("a: b: c", "1: this is not YAML")]
    [InlineData("- x", "1: a configuration begins with sections such as 'prometheus:'")]
    [InlineData("dns: {timeout: 1s, timeout: 2s}", "1: this is not YAML")]
    public void What_is_wrong_is_told_with_file_line_and_key(string yaml, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Load(yaml));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(".yml:", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_file_that_is_not_there_yet_is_an_error_for_the_check_and_not_for_the_start()
    {
        var file = _folder.Write("egress-alerts.yml", "prometheus: {authorization: {credentials_file: /nowhere/token}}");
        Assert.Equal("/nowhere/token", ConfigLoader.Load(file).PrometheusHttp.CredentialsFile);
        Assert.Contains(
            ":1: prometheus.authorization.credentials_file '/nowhere/token' does not exist",
            Assert.Throws<ConfigException>(() => ConfigLoader.Check(file)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_discovered_target_with_a_user_name_is_refused_without_being_printed()
    {
        var targets = _folder.Write("targets.yml", "- targets: ['me:s3cret@127.0.0.1:9093']");
        var error = Assert.Throws<ConfigException>(() => Load($"alerting: {{alertmanagers: [{{file_sd_configs: [{{files: ['{targets}']}}]}}]}}"));
        Assert.Contains($"{targets}: a target holds a user name: write host:port, and use basic_auth", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_are_told_at_once() => Assert.Equal(
        [1, 2, 3],
        Assert.Throws<ConfigException>(() => Load("x: 1\ndns: {attempts: 0}\nalerting: {resend_interval: never}")).Errors.Select(error => (int)error.Line));

    [Fact]
    public void Settings_are_taken_as_they_are_written()
    {
        var secret = _folder.Write("token", "s3cret\n");
        _folder.Write("nets.yml", "- {name: partner, cidrs: [203.0.113.0/24], owner: alliances}");
        _folder.Write(
            "ip-ranges.json",
            """{"prefixes":[{"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"S3"},"""
            + """{"ip_prefix":"3.5.0.0/19","region":"eu-west-1","service":"AMAZON"}],"ipv6_prefixes":[]}""");
        _folder.Write("own.csv", "cidr,name,owner,region\n# ours\n10.20.0.0/16, payments, payments-team, eu-west-1\n2001:db8:7::/48,v6\n");
        var settings = Load($$"""
            prometheus:
              url: https://mimir.example.com/prometheus?dedup=true
              interval: 1m
              matchers: ['job="envoy-stats"', 'reporter=~"source|waypoint"']
              authorization: { credentials_file: '{{secret}}' }
              http_headers: { X-Scope-OrgID: { values: [tenant] } }
            dns: { servers: [10.96.0.10, '[fd00::1]:5353'] }
            destinations: { network_files: ['{{_folder.File("nets.yml")}}', '{{_folder.File("ip-ranges.json")}}', '{{_folder.File("own.csv")}}'] }
            detection:
              blocked: { quiet: 5m }
              metadata_service: { allowed: [infra/agent, kube-system/*], severity: critical, quiet: 2h }
              outside_region: { allowed_regions: [{ namespace: payments, regions: [eu-west-1, DE] }] }
            alerting: { alertmanagers: [] }
            """);
        Assert.Equal(
            (TimeSpan.FromMinutes(5), "critical", TimeSpan.FromHours(2)),
            (settings.Detection.Blocked.Quiet, settings.Detection.MetadataService.Severity, settings.Detection.MetadataService.Quiet));
        Assert.Equal(["infra/agent", "kube-system/*"], settings.Detection.MetadataService.Allowed.Select(allowed => allowed.ToString()));
        Assert.Equal(["eu-west-1", "DE"], Assert.Single(settings.Detection.OutsideRegion.AllowedRegions, allowed => allowed.Namespace == "payments").Regions);
        Assert.Equal(TimeSpan.FromMinutes(1), settings.Prometheus.Interval);
        Assert.Equal(["job=\"envoy-stats\"", "reporter=~\"source|waypoint\""], settings.Prometheus.Matchers);
        Assert.Equal([IPEndPoint.Parse("10.96.0.10:53"), IPEndPoint.Parse("[fd00::1]:5353")], settings.Dns.Servers);
        Assert.Equal(["partner", "aws-s3", "payments"], ((string[])["203.0.113.9", "3.5.0.1", "10.20.9.1"]).Select(address => Found(settings, address)?.Name));
        Assert.Equal(secret, settings.PrometheusHttp.CredentialsFile);
        Assert.Empty(settings.Alerting.Alertmanagers);
    }

    [Fact]
    public void Networks_that_are_mapped_into_IPv6_are_networks_of_IPv4_everywhere()
    {
        _folder.Write("nets.csv", "::ffff:198.51.100.0/120,csv\n");
        _folder.Write("nets.yml", "- {name: yaml, cidrs: ['::ffff:192.0.2.0/120']}");
        _folder.Write("ip-ranges.json", """{"prefixes":[],"ipv6_prefixes":[{"ipv6_prefix":"::ffff:3.5.0.0/115","region":"eu-west-1","service":"S3"}]}""");
        var settings = Load($$"""
            telemetry: { cluster_networks: ['::ffff:10.0.0.0/104'] }
            destinations:
              networks: [{ name: own, cidrs: ['::ffff:203.0.113.0/120', '::ffff:0:0/96'] }]
              network_files: ['{{_folder.File("nets.csv")}}', '{{_folder.File("nets.yml")}}', '{{_folder.File("ip-ranges.json")}}']
            policies: [{ action: allow, destination: { cidrs: ['::ffff:203.0.113.7/128'] } }]
            """);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8")], settings.Telemetry.ClusterNetworks);
        Assert.Equal([IPNetwork.Parse("203.0.113.0/24"), IPNetwork.Parse("0.0.0.0/0")], settings.Destinations.Networks.SelectMany(network => network.Cidrs));
        Assert.Equal([IPNetwork.Parse("203.0.113.7/32")], settings.Detection.Policies[0].Destination.Cidrs);
        Assert.Equal(["csv", "yaml", "aws-s3"], ((string[])["198.51.100.9", "192.0.2.9", "3.5.1.1"]).Select(address => Found(settings, address)?.Name));
    }

    [Fact]
    public void Overrides_begin_with_what_holds_for_all_and_policies_say_what_of_the_labels_is_kept()
    {
        const string News = """{ names: ["*.cnn.com"], path_prefixes: [/politics], routes: [passthrough] }""";
        var settings = Load($$"""
            detection:
              learning: 2h
              upload_spike: { floor: 1MiB, deviations: 7 }
              overrides:
                - { workloads: [batch/*, "*/backup"], upload_spike: { floor: 10GiB }, blocked: { severity: info } }
              threat_listed: { lists: [{ name: drop, file: 'LIST', max_age: 2d }] }
            policies:
              - { name: own, action: allow, destination: { cidrs: [203.0.113.0/24], ports: [443] } }
              - { action: forbid, severity: critical, source: { namespaces: [shop], labels: { source_version: v2 } }, destination: {{News}} }
            """.Replace("LIST", _folder.Write("drop.txt", "192.0.2.0/24 ; SBL1\n"), StringComparison.Ordinal));
        var batch = Assert.Single(settings.Detection.Overrides);
        Assert.Equal(["batch/*", "*/backup"], batch.Workloads.Select(workload => workload.ToString()));
        Assert.Equal(
            (10L << 30, 7, TimeSpan.FromHours(2), "info"),
            (batch.Options.UploadSpike.Floor, batch.Options.UploadSpike.Deviations, batch.Options.Learning, batch.Options.Blocked.Severity));
        Assert.Equal((1L << 20, "warning"), (settings.Detection.UploadSpike.Floor, settings.Detection.Blocked.Severity));
        Assert.Equal(["own", "number-2"], settings.Detection.Policies.Select(policy => policy.Name));
        Assert.Equal(["critical", "warning"], settings.Detection.Policies.Reverse().Select(policy => policy.Severity));
        Assert.Equal([("source_version", "v2")], settings.Telemetry.AskedLabels);
        Assert.Equal(["/politics"], settings.Telemetry.AskedPaths);
        Assert.Equal("drop", Assert.Single(settings.Detection.ThreatListed.Lists).Name);
    }

    [Theory]
    [InlineData("action: forbid")] // As the last one: what no policy before it allows is forbidden.
    [InlineData("action: allow")]
    [InlineData("action: ignore, source: {workloads: [scanner]}")]
    [InlineData("action: ignore, source: {labels: {app: scanner}}")]
    [InlineData("action: ignore, destination: {routes: [blocked]}")]
    public void A_policy_without_conditions_may_allow_or_forbid_everything_and_one_with_a_condition_may_ignore(string policy) =>
        Assert.Single(Load($"policies: [{{{policy}}}]").Detection.Policies);

    [Theory]
    [InlineData("1h30m", 5400)]
    [InlineData("2w", 1209600)]
    [InlineData("500ms", 0.5)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    public void Durations_are_read_as_Prometheus_reads_them(string text, double seconds) => Assert.Equal(seconds, DurationText.Parse(text)?.TotalSeconds);

    [Theory]
    [InlineData("")]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("1m1h")]
    [InlineData("-1s")]
    [InlineData("999999999y")]
    public void What_is_no_duration_is_not_read_as_one(string text) => Assert.Null(DurationText.Parse(text));

    [Fact]
    public void The_Telemetry_resource_gives_the_dimensions_the_names_that_are_looked_for()
    {
        var text = File.ReadAllText(Repository.File("deploy", "istio", "telemetry.yaml"));
        var telemetry = new Settings().Telemetry;
        foreach (var names in (IReadOnlyList<string>[])[telemetry.DestinationIp, telemetry.DestinationPort, telemetry.Sni, telemetry.Host])
            Assert.Contains($" {names[0]}: {{value: ", text, StringComparison.Ordinal);
        Assert.Null(Record.Exception(() => YamlFile.Read(Repository.File("deploy", "istio", "telemetry.yaml"))));
    }

    private static NetworkName? Found(Settings settings, string address) =>
        settings.Destinations.NetworkFiles
            .Select(file => NetworkFile.Read(file).Find(IPAddress.Parse(address)))
            .FirstOrDefault(found => found is not null)?.Value;

    private static string Reference => Path.Combine(Repository.Root, "deploy", "egress-alerts.yml");

    private Settings Load(string yaml) => ConfigLoader.Load(_folder.Write("egress-alerts.yml", yaml));

    private static string Text(Settings settings) => JsonSerializer.Serialize(settings);
}
