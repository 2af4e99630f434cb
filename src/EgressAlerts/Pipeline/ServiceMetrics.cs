using System.Diagnostics;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Registry;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Prometheus;

namespace EgressAlerts;

/// <summary>What the service and its stages say about themselves, and the process metrics by their customary names. It outlives a reload.</summary>
internal sealed class ServiceMetrics
{
    private static readonly double[] DurationBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Histogram _pass;
    private readonly Counter _windows;
    private readonly Counter _failed;
    private readonly Counter _skipped;
    private readonly Counter _crashed;
    private readonly Gauge _reloadGood;
    private readonly Gauge _reloadedAt;
    private readonly TimeProvider _time;

    public ServiceMetrics(MetricRegistry metrics, TimeProvider time)
    {
        _time = time;
        (Polling, Dns, Detection, Alerts, Storage) = (new(metrics), new(metrics), new(metrics, time), new(metrics), new(metrics));
        (Mesh, Web) = (new(metrics), new(metrics));
        _pass = metrics.Histogram("egress_alerts_pass_duration_seconds", "How long a window took from its first query to its last step.", DurationBounds);
        _windows = metrics.Counter("egress_alerts_windows_total", "Windows accounted for.");
        _failed = metrics.Counter("egress_alerts_window_failures_total", "Attempts at a window that got no complete answer and are repeated.");
        _skipped = metrics.Counter(
            "egress_alerts_windows_skipped_total", "Windows never read: further back than prometheus.max_catch_up, or their data is lost.");
        _crashed = metrics.Counter("egress_alerts_pass_crashes_total", "Passes that ended in an unexpected error; their window is repeated.");
        _reloadGood = metrics.Gauge(
            "egress_alerts_config_last_reload_successful", "Whether the last attempt to load the configuration succeeded.");
        _reloadedAt = metrics.Gauge("egress_alerts_config_last_reload_success_timestamp_seconds", "When the configuration in use was loaded.");
        metrics.Gauge("egress_alerts_build_info", "The version that runs.", "version", "dotnet")
            .WithLabels(ServiceVersion.Text, Environment.Version.ToString()).Set(1);
        AddProcess(metrics);
    }

    public PollingMetrics Polling { get; }

    public RegistryMetrics Mesh { get; }

    public WebMetrics Web { get; }

    public DnsMetrics Dns { get; }

    public DetectionMetrics Detection { get; }

    public StorageMetrics Storage { get; }

    public AlertMetrics Alerts { get; }

    public void WindowDone(TimeSpan took)
    {
        _windows.Inc();
        _pass.Observe(took.TotalSeconds);
    }

    public void Skipped(long windows) => _skipped.Inc(windows);

    public void WindowFailed() => _failed.Inc();

    public void Crashed() => _crashed.Inc();

    public void Reloaded(bool good)
    {
        _reloadGood.Set(good ? 1 : 0);
        if (good) _reloadedAt.Set(_time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
    }

    /// <summary>prometheus-net's own DotNetStats have other names, among them not the customary one of the resident memory.</summary>
    private static void AddProcess(MetricRegistry metrics)
    {
        var cpu = metrics.Counter("process_cpu_seconds_total", "CPU time spent, user and system.");
        var resident = metrics.Gauge("process_resident_memory_bytes", "Resident memory.");
        var allocated = metrics.Counter("dotnet_gc_allocated_bytes_total", "Managed memory ever allocated.");
        var committed = metrics.Gauge("dotnet_gc_committed_bytes", "Memory that the garbage collector holds.");
        var heap = metrics.Gauge("dotnet_gc_heap_size_bytes", "Memory in managed objects.");
        metrics.BeforeScrape(() =>
        {
            cpu.IncTo(Environment.CpuUsage.TotalTime.TotalSeconds);
            resident.Set(Environment.WorkingSet);
            allocated.IncTo(GC.GetTotalAllocatedBytes());
            committed.Set(GC.GetGCMemoryInfo().TotalCommittedBytes);
            heap.Set(GC.GetTotalMemory(forceFullCollection: false));
        });
        using var process = Process.GetCurrentProcess();
        metrics.Gauge("process_start_time_seconds", "When the process started.").Set(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0);
    }
}
