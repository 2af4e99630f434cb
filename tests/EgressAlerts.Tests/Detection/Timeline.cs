using EgressAlerts.Detection;
using EgressAlerts.Measuring;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Detection;

/// <summary>Plays windows to the detectors, one after the other, in accelerated time.</summary>
internal sealed class Timeline(DetectionOptions options, TimeSpan? window = null, DetectionMetrics? metrics = null)
{
    private readonly TimeSpan _window = window ?? TimeSpan.FromMinutes(5);
    private Detectors _detectors = New(options, metrics);

    /// <summary>A Monday.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; private set; } = Start;

    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    public static Detectors New(DetectionOptions options, DetectionMetrics? metrics = null) =>
        new(options, metrics ?? new DetectionMetrics(new MetricRegistry(), TimeProvider.System), NullLogger<Detectors>.Instance);

    public static NamedIncrement To(string name, double upload, string address = "", Workload? source = null, bool confirmed = true, string site = "", Route route = Route.Passthrough) => new(
        new Increment(Samples.Flow(address, host: address.Length == 0 ? name : "", source: source, route: route), Metric.UploadBytes, "", "", upload),
        new Destination(name, confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, confirmed, Site: site.Length > 0 ? site : name));

    public IReadOnlyList<Finding> Step(params IReadOnlyList<NamedIncrement> seen)
    {
        var start = Now;
        Now += _window;
        var increments = seen.Select(named => named.Increment).ToList();
        return Findings = _detectors.Observe(new NamedReading(new Reading(new Window(start, Now), Baseline: false, increments, new Accounts(Start, [])), seen, seen, []));
    }

    /// <summary>Plays until an instant; the findings of the last window.</summary>
    public IReadOnlyList<Finding> Until(DateTimeOffset end, Func<DateTimeOffset, IReadOnlyList<NamedIncrement>> play)
    {
        while (Now < end) Step(play(Now));
        return Findings;
    }

    public void Restart() => _detectors = Samples.Copied(New(options, metrics), _detectors.Save, (empty, from) => empty.Load(from));
}
