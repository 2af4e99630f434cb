using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Export;
using EgressAlerts.Logging;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Past;
using EgressAlerts.Polling;
using EgressAlerts.Registry;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>The composition root: what the program consists of. Nothing starts before it is told to.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => CommandLine.RunAsync(args);

    /// <summary>The service. What is made here outlives a reload; the worker makes the pass anew for each configuration.</summary>
    /// <exception cref="ConfigException">The configuration cannot be used.</exception>
    /// <exception cref="StartException">The service cannot start.</exception>
    /// <exception cref="StoreException">The database can neither be used nor set aside.</exception>
    public static async Task ServeAsync(ServeOptions options, CancellationToken cancel)
    {
        await using var log = Logs.Create(options.LogLevel, options.LogFormat);
        using var loggers = Logs.Factory(log);
        var registry = new MetricRegistry();
        var service = new ServiceParts(new ServiceMetrics(registry, TimeProvider.System), TimeProvider.System, loggers);
        var access = new WebAccess(options.WebConfigFile, service.Metrics.Web, service.Time, service.Logger("EgressAlerts.Web"));
        var exposition = new Exposition(registry, service.Time);
        var logs = new PassLogs(
            new AccessLog(service.Logger("EgressAlerts.Access")), new AlertLog(service.Logger("EgressAlerts.Alerts")), service.Logger("EgressAlerts.Pass"));
        using var store = new Store(options.StoragePath, service.Metrics.Storage, service.Time, loggers.CreateLogger<Store>());
        OldCheckpoint.SetAside(options.StoragePath, service.Logger("EgressAlerts.Service"));
        var worker = new PassWorker(
            () => ConfigLoader.Load(options.ConfigFile),
            (settings, state) => Pass(settings.ReachedAt(options.External(access.Scheme)).OfShard(options.Shard), state, exposition, logs, service), store,
            options.ConfigName, service);
        await WebServer.RunAsync(options, access, worker, exposition, log, service.Logger("EgressAlerts.Service"), cancel);
    }

    /// <summary>The way of the data of one window: poll, name, detect, admit, commit, publish, notify.</summary>
    public static Pass Pass(Settings settings, StoredState state, Exposition exposition, PassLogs logs, ServiceParts service)
    {
        var (metrics, time, http) = (service.Metrics, service.Time, service.Logger("EgressAlerts.Http"));
        var cluster = Cluster(settings.Registry.Kubernetes, service, http);
        List<HttpClient> prometheus = settings.Prometheus.Servers is { Count: > 0 } servers
            ? [.. servers.Select(server => HttpClients.Create(server.Http, http))]
            : [HttpClients.Create(settings.PrometheusHttp, http)];
        List<(AlertmanagerOptions, HttpClient)> alertmanagers =
            [.. settings.Alerting.Alertmanagers.Select(one => (one, HttpClients.Create(one.Http, http)))];

        var poller = new Poller(prometheus, settings.Prometheus, settings.Telemetry, metrics.Polling, state, time, service.Logger<Poller>());
        var stages = Stages(poller, settings, state, cluster, service);
        var notifier = new Notifier(settings.Alerting, metrics.Alerts, time, service.Logger<Notifier>());
        var resolver = new TargetResolver(stages.Lookups.Servers);
        var discovery = new AlertmanagerDiscovery(
            alertmanagers, notifier, resolver.FindAsync, metrics.Alerts, time, service.Logger<AlertmanagerDiscovery>());
        List<HttpClient> clients = [.. prometheus, .. alertmanagers.Select(one => one.Item2)];
        return new(settings, stages, state, exposition, notifier, discovery, logs, clients)
        {
            History = new(new RangeReader(prometheus[0], settings.Prometheus, time).ReadAsync, time),
            Proposals = new(PastReading.Reader(prometheus[0], settings, time), time),
        };
    }

    /// <summary>The stages that <c>serve</c> and <c>backtest</c> share: from the samples of a window to its alerts. Names are looked up
    /// in the present.</summary>
    /// <param name="cluster">Null where only files say what the mesh registers, as in a backtest.</param>
    public static Stages Stages(Poller poller, Settings settings, StoredState state, ClusterWatch? cluster, ServiceParts service)
    {
        var mesh = new MeshView(
            settings.Registry, settings.Telemetry.ClusterDomain, settings.Telemetry.EgressGateways, cluster, service.Metrics.Mesh, service.Logger<MeshView>());
        var lookups = new Lookups(settings.Dns, state, service.Metrics.Dns, TimeProvider.System, service.Logger<Lookups>());
        var naming = new Namer(settings.Destinations, lookups, state, TimeProvider.System, service.Logger<Namer>());
        var detection = new Detectors(settings.Detection, service.Metrics.Detection, state, service.Logger<Detectors>());
        var budget = new SeriesBudget(settings.Cardinality, state);
        var book = new AlertBook(settings.Alerting, state, service.Metrics.Alerts);
        return new(mesh, cluster, poller, lookups, naming, detection, budget, book);
    }

    /// <summary>The watch of Istio's resources, which has not begun yet. Null where the configuration asks for none.</summary>
    /// <exception cref="ConfigException">There is no access to the Kubernetes API.</exception>
    private static ClusterWatch? Cluster(KubernetesOptions options, ServiceParts service, ILogger http) => options.Watch
        ? new(ConfigLoader.Access(options, http), service.Metrics.Mesh, service.Time, service.Logger<ClusterWatch>())
        : null;
}
