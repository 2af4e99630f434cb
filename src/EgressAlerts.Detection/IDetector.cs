using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>Watches traffic in full detail and holds findings for as long as they are true. Called by the pass alone.</summary>
internal interface IDetector
{
    string AlertName { get; }

    void Observe(Sighting sighting);

    IEnumerable<Finding> Active { get; }
}
