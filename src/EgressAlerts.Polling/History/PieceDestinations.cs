using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Finds the destinations of a piece's series, so that their names can be looked up before its windows are played.</summary>
/// <param name="scratch">State that nobody else uses. What the classifier learns here must not reach the poller ahead of time.</param>
/// <param name="known">Which hosts are registered. Null where nobody has given the registry.</param>
public sealed class PieceDestinations(Piece piece, TelemetryOptions telemetry, StoredState scratch, RegisteredHosts? known)
{
    private readonly Classifier _classifier = new(telemetry, Hosts(telemetry, scratch, known));

    /// <summary>The destinations of all series that the piece before this one did not hold.</summary>
    public IReadOnlyCollection<RawDestination> News() =>
    [
        .. RawMetric.All
            .SelectMany(
                raw => piece.SeriesOf(raw.Name).Where(series => series.IsNew),
                (raw, series) => _classifier.Classify(raw, LabelReader.Read(series.Labels)))
            .Select(what => what.Counter?.Flow.To).OfType<RawDestination>().Distinct(),
    ];

    private static HostRegister Hosts(TelemetryOptions telemetry, StoredState scratch, RegisteredHosts? known)
    {
        var hosts = new HostRegister(telemetry.DynamicDns, scratch);
        hosts.Use(known);
        return hosts;
    }
}
