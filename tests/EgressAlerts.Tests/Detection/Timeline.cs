using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Detection;

/// <summary>Plays windows to the detectors, one after the other, in accelerated time.</summary>
internal sealed class Timeline
{
    private DetectionOptions _options;
    private readonly DetectionMetrics? _metrics;
    private readonly TimeSpan _window;
    private readonly Store _store = Store.InMemory();
    private StoredState _state;
    private Detectors _detectors;

    public Timeline(DetectionOptions options, TimeSpan? window = null, DetectionMetrics? metrics = null)
    {
        (_options, _metrics, _window, _state) = (options, metrics, window ?? TimeSpan.FromMinutes(5), _store.Read());
        _detectors = New(options, metrics, _state);
    }

    /// <summary>A Monday.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public DateTimeOffset Now { get; private set; } = Start;

    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    public IReadOnlyDictionary<string, PolicyHit> PolicyHits => _detectors.PolicyHits;

    public static Detectors New(DetectionOptions options, DetectionMetrics? metrics = null, StoredState? state = null) =>
        new(
            options,
            metrics ?? new DetectionMetrics(new MetricRegistry(), TimeProvider.System),
            state ?? Store.InMemory().Read(),
            NullLogger<Detectors>.Instance);

    public static NamedIncrement To(
        string name,
        double upload,
        string address = "",
        Workload? source = null,
        bool confirmed = true,
        string site = "",
        Route route = Route.Passthrough) => new(
        new Increment(new(Samples.Flow(address, host: address.Length == 0 ? name : "", source: source, route: route), Metric.UploadBytes), upload),
        new Destination(name, confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, confirmed, Site: site.Length > 0 ? site : name));

    /// <summary>Plays one window and commits it.</summary>
    public IReadOnlyList<Finding> Step(params IReadOnlyList<NamedIncrement> seen)
    {
        Play(seen);
        _state.Commit();
        return Findings;
    }


    /// <summary>Plays until an instant and commits the last window; its findings.</summary>
    public IReadOnlyList<Finding> Until(DateTimeOffset end, Func<DateTimeOffset, IReadOnlyList<NamedIncrement>> play)
    {
        while (Now < end) Play(play(Now));
        _state.Commit();
        return Findings;
    }

    /// <param name="options">The settings from now on; null for the same as before.</param>
    public void Restart(DetectionOptions? options = null)
    {
        _options = options ?? _options;
        _state = _store.Read();
        _detectors = New(_options, _metrics, _state);
    }

    private void Play(IReadOnlyList<NamedIncrement> seen)
    {
        var start = Now;
        Now += _window;
        Findings = _detectors.Observe(new NamedReading(new Window(start, Now), seen));
    }
}
