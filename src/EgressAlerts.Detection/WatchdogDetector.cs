using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressAlertsWatchdog</c>: always true. Whoever stops receiving it knows that nobody watches egress any more.</summary>
internal sealed class WatchdogDetector(WatchdogOptions options) : IDetector
{
    public const string Name = "EgressAlertsWatchdog";

    private DateTimeOffset _since;

    public string AlertName => Name;

    public IEnumerable<Finding> Active => !options.Enabled ? [] :
    [
        new(
            Name,
            options.Severity,
            new Workload("", ""),
            "",
            _since,
            "EgressAlerts watches: this alert always fires.",
            $"Egress has been accounted for and alerts have been sent since {Text.Time(_since)}. Send this alert to a service that calls you when it stops coming.",
            NameSource.Unknown,
            Confirmed: false,
            "egress_alerts_last_window_end_timestamp_seconds"),
    ];

    public void Observe(Sighting sighting)
    {
        if (_since == default) _since = sighting.Window.End;
    }

    public void Save(BinaryWriter to) => to.Write(_since);

    public void Load(BinaryReader from) => _since = from.ReadInstant();
}
