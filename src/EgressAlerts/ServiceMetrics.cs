using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace EgressAlerts;

/// <summary>What the service says about itself as a whole, and the process metrics by their customary names.</summary>
internal sealed class ServiceMetrics
{
    private static readonly double[] DurationBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    private static readonly string[] CheckpointReasons = ["write", "cut_off", "other_version", "future", "unreadable"];

    private readonly Histogram<double> _pass;
    private readonly Counter<long> _windows;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _crashed;
    private readonly Counter<long> _checkpoint;
    private readonly TimeProvider _time;
    private int _reloadGood;
    private double _reloadedAt;

    public ServiceMetrics(Meter meter, TimeProvider time)
    {
        _time = time;
        _pass = meter.CreateHistogram(
            "egress_alerts_pass_duration_seconds", "s", "How long a window took from its first query to its last step.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = DurationBounds });
        _windows = meter.CreateCounter<long>("egress_alerts_windows_total", null, "Windows accounted for.");
        _failed = meter.CreateCounter<long>("egress_alerts_window_failures_total", null, "Attempts at a window that got no complete answer and are repeated.");
        _skipped = meter.CreateCounter<long>("egress_alerts_windows_skipped_total", null, "Windows never read: further back than prometheus.max_catch_up, or their data is lost.");
        _crashed = meter.CreateCounter<long>("egress_alerts_pass_crashes_total", null, "Passes that ended in an unexpected error; their window is repeated.");
        _checkpoint = meter.CreateCounter<long>("egress_alerts_checkpoint_failures_total", null, "Checkpoints that could not be written or were set aside, by reason.");
        foreach (var counter in (Counter<long>[])[_windows, _failed, _skipped, _crashed]) counter.Add(0);
        foreach (var reason in CheckpointReasons) _checkpoint.Add(0, new KeyValuePair<string, object?>("reason", reason));

        meter.CreateObservableGauge("egress_alerts_config_last_reload_successful", () => Volatile.Read(ref _reloadGood), null, "Whether the last attempt to load the configuration succeeded.");
        meter.CreateObservableGauge("egress_alerts_config_last_reload_success_timestamp_seconds", () => Volatile.Read(ref _reloadedAt), null, "When the configuration in use was loaded.");
        meter.CreateObservableGauge("egress_alerts_build_info", BuildInfo, null, "The version that runs.");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, null, "CPU time spent, user and system.");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, null, "Resident memory.");
        meter.CreateObservableGauge("process_start_time_seconds", StartTime(), null, "When the process started.");
        meter.CreateObservableCounter("dotnet_gc_allocated_bytes_total", () => GC.GetTotalAllocatedBytes(), null, "Managed memory ever allocated.");
        meter.CreateObservableGauge("dotnet_gc_committed_bytes", () => GC.GetGCMemoryInfo().TotalCommittedBytes, null, "Memory that the garbage collector holds.");
        meter.CreateObservableGauge("dotnet_gc_heap_size_bytes", () => GC.GetTotalMemory(forceFullCollection: false), null, "Memory in managed objects.");
    }

    public void WindowDone(TimeSpan took)
    {
        _windows.Add(1);
        _pass.Record(took.TotalSeconds);
    }

    public void Skipped(long windows) => _skipped.Add(windows);

    public void WindowFailed() => _failed.Add(1);

    public void Crashed() => _crashed.Add(1);

    public void CheckpointFailed(string reason) => _checkpoint.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Reloaded(bool good)
    {
        Volatile.Write(ref _reloadGood, good ? 1 : 0);
        if (good) Volatile.Write(ref _reloadedAt, _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0);
    }

    private static Measurement<int> BuildInfo() => new(
        1, new KeyValuePair<string, object?>("version", ServiceVersion.Text), new KeyValuePair<string, object?>("dotnet", Environment.Version.ToString()));

    private static Func<double> StartTime()
    {
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        return () => started;
    }
}
