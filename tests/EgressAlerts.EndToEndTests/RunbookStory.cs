using EgressAlerts.MeshSimulator;
using EgressAlerts.Testing;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.EndToEndTests;

/// <summary>A mesh in which every alert about traffic has its cause, a service that watches it, and a second service to which all goes wrong.</summary>
/// <remarks>Each service has a Prometheus of its own, which scrapes the mesh and the service. What happens is over before the first test.</remarks>
public sealed class RunbookStory : IAsyncLifetime
{
    public const string UploadAddress = "185.199.72.11";
    public const long UploadBytes = 240_000_000;
    public const int Sites = 20;
    public const string Refusal = "rbac_access_denied_matched_policy[ns[istio-system]-policy[no-partner]-rule[0]]";
    public const int Doors = 12;
    public const int Unanswered = 3;

    private static readonly IReadOnlyList<(string Namespace, string Workload)> Workloads =
    [
        ("shop", "cart"), ("batch", "pusher"), ("istio-system", "istio-egressgateway"), ("lab", "scanner"), ("batch", "report"), ("search", "crawler"),
        ("payments", "api"), ("web", "front"), ("batch", "mailer"), ("batch", "miner"),
    ];

    private readonly TemporaryFolder _folder = new();
    private SimulatorServer _mesh = null!;
    private AlertmanagerServer _alertmanager = null!;
    private readonly EgressAlertsProcess _service = new("");
    private readonly EgressAlertsProcess _troubled = new("");
    private SqliteConnection _lock = null!;

    /// <summary>What the service that is well is scraped by, under two instances.</summary>
    public PrometheusServer Prometheus { get; private set; } = null!;

    /// <summary>What the other one is scraped by. It scrapes the mesh with two jobs, and was away for a while.</summary>
    public PrometheusServer TroubledPrometheus { get; private set; } = null!;

    /// <summary>The alerts about traffic by name, each of the workload that caused it. <c>gateway</c> is the EgressBlocked of an egress gateway.</summary>
    public IReadOnlyDictionary<string, HeldAlert> Alerts { get; private set; } = null!;

    public string Log => $"{_service.Output}\n\n{_troubled.Output}";

    public async Task InitializeAsync()
    {
        _mesh = await SimulatorServer.StartAsync(Scenario());
        _alertmanager = await AlertmanagerServer.StartAsync();
        await StartAsync();
        _mesh.World.Do(Happen);
        Alerts = await FiringAsync();
        await MakeTroubleAsync();
    }

    public async Task DisposeAsync()
    {
        if (_lock is not null) await _lock.DisposeAsync();
        foreach (var server in (IAsyncDisposable?[])[_service, _troubled, Prometheus, TroubledPrometheus, _alertmanager, _mesh])
            if (server is not null) await server.DisposeAsync();
        _folder.Dispose();
    }

    private static Scenario Scenario() => new(
        "runbooks",
        TimeSpan.FromMilliseconds(500),
        world =>
        {
            if (world.Pods.Count == 0)
            {
                foreach (var (ns, workload) in Workloads) world.Start(ns, workload);
                world.Start("old", "plain", Dialect.Plain);
                world.Start("old", "mangled", Dialect.Mangled);
            }

            foreach (var pod in world.Pods) pod.Http(new Target(Way.Registered, "api.stripe.com", "", 443));
            Pod(world, "cart").Tcp(new Target(Way.Passthrough, "", "93.184.216.34", 443), sent: 100, got: 200);
        },
        new DnsZone()
            .Named("93.184.216.34", "www.example.com")
            .Named("141.95.33.99", "vps-99.hoster.example.net")
            .Named("141.95.33.98", "vps-98.hoster.example.net")
            .Named("145.14.30.7", "www.mailer.example.com"));

    /// <summary>The causes of all alerts, each once.</summary>
    private static void Happen(World world)
    {
        Pod(world, "pusher").Tcp(new Target(Way.Blocked, "", "141.95.33.99", 4444), count: 3);
        Pod(world, "plain").Tcp(new Target(Way.Blocked, "", "141.95.33.99", 4444));

        // A gateway that lets nobody through to a partner, and whose requests these were.
        Pod(world, "cart").Http(new Target(Way.Gateway, "istio-egressgateway", "", 443), count: 2, code: "403");
        Pod(world, "istio-egressgateway").Http(new Target(Way.Registered, "partner.example.org", "", 443, Refusal: Refusal), count: 2, code: "403");
        Pod(world, "istio-egressgateway").Tcp(new Target(Way.Registered, "partner.example.org", "", 5432, Refusal: Refusal), sent: 0, got: 0);

        for (var door = 1; door <= Doors; door++) Pod(world, "scanner").Tcp(new Target(Way.Blocked, "", $"45.33.32.{door}", 22));
        for (var door = 1; door <= Unanswered; door++)
            Pod(world, "scanner").Tcp(new Target(Way.Passthrough, "", $"45.33.33.{door}", 22), sent: 0, got: 0, flags: "UF,URX");

        Pod(world, "report").Tcp(new Target(Way.Passthrough, "", UploadAddress, 443), sent: UploadBytes, got: 40_000);
        for (var site = 1; site <= Sites; site++) Pod(world, "crawler").Http(new Target(Way.Passthrough, $"site-{site}.example.net", "", 80));
        Pod(world, "api").Tcp(new Target(Way.Passthrough, "", "34.195.1.1", 443), sent: 4_000_000);
        Pod(world, "front").Tcp(new Target(Way.Passthrough, "", "169.254.169.254", 80), sent: 500, got: 1800);
        Pod(world, "mailer").Http(new Target(Way.Passthrough, "www.mailer.example.com", "141.95.33.98", 80), count: 4, sent: 500_000);
        Pod(world, "miner").Tcp(new Target(Way.Passthrough, "", "141.95.34.7", 443), count: 5, sent: 140);
        Pod(world, "cart").Http(new Target(Way.Registered, "www.cnn.com", "", 80, "/politics"), count: 6, sent: 500);
    }

    private static Pod Pod(World world, string workload) => world.Pods.Single(pod => pod.Workload == workload);

    private async Task StartAsync()
    {
        // The service is there under two instances, as a pair of replicas is, which count the same.
        Prometheus = await PrometheusServer.OnAsync(_folder.Write("prometheus.yml", $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - { job_name: envoy-stats, honor_labels: true, static_configs: [{ targets: ['{{_mesh.Address.Authority}}'] }] }
              - { job_name: egress-alerts, static_configs: [{ targets: ['{{_service.Address.Authority}}', 'localhost:{{_service.Address.Port}}'] }] }
            """));
        TroubledPrometheus = await PrometheusServer.OnAsync(_folder.Write("troubled.yml", $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
            rule_files: ['{{Repository.File("alerts", "egress.rules.yml")}}']
            scrape_configs:
              - { job_name: envoy-stats, honor_labels: true, static_configs: [{ targets: ['{{_mesh.Address.Authority}}'] }] }
              - { job_name: kubernetes-pods, honor_labels: true, static_configs: [{ targets: ['{{_mesh.Address.Authority}}'] }] }
              - { job_name: egress-alerts, static_configs: [{ targets: ['{{_troubled.Address.Authority}}'] }] }
            """));
        await Prometheus.UntilScrapedAsync();
        await TroubledPrometheus.UntilScrapedAsync();

        var expired = _folder.Write("expired.txt", "198.51.100.7\n");
        File.SetLastWriteTimeUtc(expired, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-10));
        _service.Config = $$"""
            prometheus: { url: '{{Prometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s }
            dns: { servers: ['{{_mesh.Dns.Endpoint}}'], cache: { min_ttl: 1s } }
            destinations: { networks: [{ name: far, cidrs: [34.195.0.0/16], region: us-east-1 }] }
            alerting:
              alertmanagers: [{ url: '{{_alertmanager.Address}}' }, { url: 'http://127.0.0.1:{{FreePort.Next()}}' }]
              resend_interval: 1s
            detection:
              learning: 5s
              fan_out: { learning: 5s, floor: 15 }
              upload_spike: { learning: 5s }
              outside_region: { allowed_regions: [{ namespace: payments, regions: [eu-west-1] }] }
              threat_listed:
                lists:
                  - { name: bad, file: '{{_folder.Write("bad.txt", "141.95.34.0/24\n")}}' }
                  - { name: expired, file: '{{expired}}' }
            policies: [{ name: no-politics, action: forbid, destination: { names: [www.cnn.com], path_prefixes: [/politics] } }]
            """;

        // Room for one destination of a workload and for one alert of a name, and nobody who answers.
        _troubled.Config = $$"""
            prometheus: { url: '{{TroubledPrometheus.Address}}', interval: 2s, delay: 1s, timeout: 5s, max_catch_up: 4s }
            dns: { servers: ['127.0.0.1:{{FreePort.Next()}}'], timeout: 500ms }
            destinations: { patience: 2s }
            cardinality: { max_series: 50, max_destinations_per_workload: 1 }
            detection: { learning: 5s }
            alerting: { alertmanagers: [{ url: 'http://127.0.0.1:{{FreePort.Next()}}' }], resend_interval: 1s, max_alerts_per_name: 1 }
            """;
        await Task.WhenAll(_service.StartAsync(), _troubled.StartAsync());
        foreach (var service in (EgressAlertsProcess[])[_service, _troubled])
        {
            await Deadline.UntilAsync(
                async () => await service.ValueAsync("egress_alerts_windows_total") >= 6,
                90,
                $"the workloads have been learned:\n{service.Output}",
                between: 0.5);
        }
    }

    private async Task<IReadOnlyDictionary<string, HeldAlert>> FiringAsync()
    {
        var alerts = new Dictionary<string, HeldAlert>();
        foreach (var (alert, workload) in ((string, string)[])
            [
                ("EgressBlocked", "pusher"), ("gateway", "istio-egressgateway"), ("EgressProbing", "scanner"), ("EgressNewDestination", "report"),
                ("EgressUploadSpike", "report"), ("EgressFanOut", "crawler"), ("EgressOutsideRegion", "api"), ("EgressMetadataService", "front"),
                ("EgressThreatListed", "miner"), ("EgressForbidden", "cart"), ("EgressNameMismatch", "mailer"),
            ])
        {
            var name = alert == "gateway" ? "EgressBlocked" : alert;
            alerts[alert] = await Deadline.UntilAsync(
                async () => (await _alertmanager.AlertsAsync(name)).FirstOrDefault(held => held.Labels["source_workload"] == workload),
                150,
                $"{name} of {workload} fires:\n{_service.Output}",
                between: 0.2);
        }

        return alerts;
    }

    /// <summary>Locks the database of the troubled service, and takes its Prometheus away for longer than it catches up.</summary>
    private async Task MakeTroubleAsync()
    {
        _lock = new SqliteConnection($"Data Source={Path.Combine(_troubled.StorageFolder, "egress-alerts.db")};Pooling=False;Default Timeout=30");
        await _lock.OpenAsync();
        await using (var begin = _lock.CreateCommand())
        {
            begin.CommandText = "BEGIN IMMEDIATE";
            await begin.ExecuteNonQueryAsync();
        }

        await UntilAsync(async () => await _troubled.ValueAsync("egress_alerts_storage_unwritten_rows") > 0, "the database is locked");
        await TroubledPrometheus.StopAsync();
        await UntilAsync(async () => await _troubled.ValueAsync("egress_alerts_window_failures_total") >= 5, "windows fail");
        await TroubledPrometheus.StartAsync();
        await UntilAsync(async () => await _troubled.ValueAsync("egress_alerts_windows_skipped_total") > 0, "windows are skipped");
    }

    private Task UntilAsync(Func<Task<bool>> look, string what) => Deadline.UntilAsync(look, 60, $"{what}:\n{_troubled.Output}", between: 0.5);
}
