using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Doctor;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Registry;

namespace EgressAlerts.Web;

/// <summary>How the service stands.</summary>
/// <param name="Failure">Why the current window could not be read yet; empty while all is well.</param>
/// <param name="Notes">What Prometheus' answers of the last complete window said beside their data, such as what a query cost.</param>
/// <param name="Dns">How each name server stands.</param>
/// <param name="Configuration">When the configuration was loaded lately, the latest first.</param>
/// <param name="Telemetry">What the mesh's telemetry can and cannot tell.</param>
/// <param name="Queries">The queries of the last window, or of the last attempt at one.</param>
/// <param name="QueryParts">The metrics that one query cannot read, with the number of queries that read each in parts.</param>
/// <param name="Files">The files that are read again when they change.</param>
/// <param name="Watches">How each kind of Istio's resources stands that is watched in the cluster.</param>
/// <param name="HeldBack">How many alerts are held back because there are too many.</param>
/// <param name="Waiting">How many increments wait for a name.</param>
/// <param name="Checks">The checks of <c>egress-alerts doctor</c> that the service knows the results of; what is wrong comes first.</param>
public sealed record StatusModel(
    string Version, string ConfigFile, bool Ready, DateTimeOffset? BaselineWindowEnd, DateTimeOffset? LastWindowEnd, string Failure,
    IReadOnlyList<string> Notes, int Series, int SeriesLimit, int Destinations, int Alerts, IReadOnlyList<NameServerStatus> Dns,
    IReadOnlyList<ConfigurationLoad> Configuration, TelemetryReport Telemetry, IReadOnlyList<QueryTime> Queries,
    IReadOnlyList<QueryParts> QueryParts, IReadOnlyList<AlertmanagerStatus> Alertmanagers, IReadOnlyList<FileStatus> Files,
    IReadOnlyList<KindStatus> Watches, StorageStatus Storage, int HeldBack, int Waiting, IReadOnlyList<CheckRow> Checks);

/// <summary>How the database stands.</summary>
/// <param name="Bytes">Its size, with what is not yet moved into it. 0 where there is none.</param>
/// <param name="BackupAt">When the last hourly copy was made; null where there is none.</param>
public sealed record StorageStatus(string Database, long Bytes, DateTimeOffset? BackupAt)
{
    /// <param name="folder">Where the database lies.</param>
    internal static StorageStatus Of(string folder)
    {
        var (database, backup) = (Path.Combine(folder, EgressAlerts.Storage.Store.FileName), Path.Combine(folder, EgressAlerts.Storage.Store.BackupName));
        return new(database, Length(database) + Length(database + "-wal"), FileStamp.Of(backup)?.Written);
    }

    private static long Length(string file) => FileStamp.Of(file)?.Length ?? 0;
}
