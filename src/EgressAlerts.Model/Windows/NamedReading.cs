namespace EgressAlerts.Model;

/// <summary>A window with names.</summary>
/// <param name="Seen">Everything that the window showed, under the best name known now: what detection works on.</param>
/// <param name="Settled">What is to be counted now: this window's increments whose name is final, and earlier ones that waited for theirs.</param>
/// <param name="Waiting">What still waits for a name after this window, from this one and earlier ones.</param>
public sealed record NamedReading(
    Reading Reading, IReadOnlyList<NamedIncrement> Seen, IReadOnlyList<NamedIncrement> Settled, IReadOnlyList<Increment> Waiting)
{
    public Window Window => Reading.Window;
}
