namespace EgressAlerts.Model;

/// <summary>By how much one counter grew inside a window.</summary>
/// <param name="Amount">Requests, connections or bytes; more than zero.</param>
public readonly record struct Increment(CounterId Id, double Amount)
{
    public Flow Flow => Id.Flow;

    public Metric Metric => Id.Metric;
}
