namespace EgressAlerts.Detection;

/// <summary><c>EgressAlertsWatchdog</c> always fires. Whoever stops receiving it knows that nobody watches egress any more.</summary>
internal sealed class WatchdogDetector(WatchdogOptions options, StoredState state) : IDetector
{
    public const string Name = "EgressAlertsWatchdog";

    private readonly Cell<DateTimeOffset> _since = state.Cell("watchdog_since", DetectionJson.Default.DateTimeOffset, default);

    public IEnumerable<Finding> Active => !options.Enabled ? [] :
    [
        new(
            Name, options.Severity, new Workload("", ""), Destination: "", _since.Value,
            "EgressAlerts is alive: this alert always fires",
            $"EgressAlerts has watched egress and sent alerts since {Wording.Time(_since.Value)}. "
            + "Send this alert to a service that calls you when it stops coming.",
            NameSource: null, Confirmed: false, "egress_alerts_last_window_end_timestamp_seconds"),
    ];

    public void Observe(DetectionInput input)
    {
        if (_since.Value == default) _since.Value = input.Window.End;
    }
}
