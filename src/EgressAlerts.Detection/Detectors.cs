using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>All detectors, one after the other, before anything is folded. Called by the pass alone.</summary>
public sealed class Detectors
{
    private readonly IReadOnlyList<IDetector> _detectors;

    public Detectors(DetectionOptions options, DetectionMetrics metrics)
    {
        (DetectorOptions Options, Func<IDetector> Create)[] all =
        [
            (options.Blocked, () => new BlockedDetector(options.Blocked, metrics)),
            (options.Probing, () => new ProbingDetector(options.Probing, metrics)),
            (options.NewDestination, () => new NewDestinationDetector(options.NewDestination, metrics)),
            (options.NameMismatch, () => new NameMismatchDetector(options.NameMismatch, metrics)),
            (options.MetadataService, () => new MetadataServiceDetector(options.MetadataService, metrics)),
            (options.OutsideRegion, () => new OutsideRegionDetector(options.OutsideRegion, metrics)),
            (options.Watchdog, () => new WatchdogDetector(options.Watchdog)),
        ];
        _detectors = [.. all.Where(detector => detector.Options.Enabled).Select(detector => detector.Create())];
    }

    /// <summary>Everything that is true at the end of the window, new or not.</summary>
    public IReadOnlyList<Finding> Observe(NamedReading named)
    {
        foreach (var detector in _detectors) detector.Observe(named);
        return [.. _detectors.SelectMany(detector => detector.Active)];
    }

    /// <summary>Each detector's state has its name and length before it, so that one that is switched off later is passed over.</summary>
    public void Save(BinaryWriter to) => to.WriteAll(_detectors, detector =>
    {
        using var state = new MemoryStream();
        using var writer = new BinaryWriter(state);
        detector.Save(writer);
        writer.Flush();
        to.Write(detector.AlertName);
        to.Write((int)state.Length);
        to.Write(state.GetBuffer(), 0, (int)state.Length);
    });

    public void Load(BinaryReader from)
    {
        foreach (var (name, state) in from.ReadAll(() => (from.ReadString(), from.ReadBytes(from.ReadInt32()))))
        {
            using var reader = new BinaryReader(new MemoryStream(state));
            _detectors.FirstOrDefault(detector => detector.AlertName == name)?.Load(reader);
        }
    }
}
