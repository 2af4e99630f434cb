using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Storage;

/// <summary>The metrics of the database.</summary>
public sealed class StorageMetrics
{
    private static readonly double[] DurationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly string[] Reasons = ["full", "read_only", "locked", "io", "damaged", "other", "unreadable", "future", "backup"];

    private readonly Histogram _commit;
    private readonly Counter _failures;
    private readonly Gauge _unwritten;
    private readonly Gauge _size;
    private readonly Gauge _backup;

    public StorageMetrics(MetricRegistry metrics)
    {
        _commit = metrics.Histogram("egress_alerts_storage_commit_duration_seconds", "How long it took to write what a window changed.", DurationBounds);
        _failures = metrics.Counter(
            "egress_alerts_storage_failures_total",
            "Commits that the disk refused, backups that failed, and parts of the database that could not be read, by reason.",
            "reason");
        foreach (var reason in Reasons) _failures.WithLabels(reason);
        _unwritten = metrics.Gauge("egress_alerts_storage_unwritten_rows", "Rows that the disk has refused until now; a crash would lose them.");
        _size = metrics.Gauge("egress_alerts_storage_size_bytes", "The database with its write-ahead log.");
        _backup = metrics.Gauge("egress_alerts_storage_backup_timestamp_seconds", "When the last hourly backup was made; 0 where there is none.");
    }

    internal void Committed(TimeSpan took, int unwritten, long size)
    {
        _commit.Observe(took.TotalSeconds);
        _unwritten.Set(unwritten);
        _size.Set(size);
    }

    internal void Failed(string reason) => _failures.WithLabels(reason).Inc();

    internal void BackedUp(DateTimeOffset at) => _backup.Set(at.ToUnixTimeMilliseconds() / 1000.0);
}
