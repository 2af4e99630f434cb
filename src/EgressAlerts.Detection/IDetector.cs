using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>Watches increments in full detail and holds findings for as long as they are true. Called by the pass alone.</summary>
internal interface IDetector
{
    string AlertName { get; }

    void Observe(NamedReading named);

    IEnumerable<Finding> Active { get; }

    void Save(BinaryWriter to);

    void Load(BinaryReader from);
}
