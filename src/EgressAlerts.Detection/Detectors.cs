using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>All detectors, one after the other, before anything is folded. Called by the pass alone.</summary>
public sealed class Detectors
{
    private readonly IReadOnlyList<IDetector> _detectors;

    public Detectors(DetectionOptions options, DetectionMetrics metrics)
    {
        var all = new List<IDetector>();
        if (options.Blocked.Enabled) all.Add(new BlockedDetector(options.Blocked, metrics));
        if (options.NewDestination.Enabled) all.Add(new NewDestinationDetector(options.NewDestination, metrics));
        if (options.NameMismatch.Enabled) all.Add(new NameMismatchDetector(options.NameMismatch, metrics));
        _detectors = all;
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
