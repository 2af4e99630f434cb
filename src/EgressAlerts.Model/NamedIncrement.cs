namespace EgressAlerts.Model;

/// <summary>An increment whose destination has a name.</summary>
public readonly record struct NamedIncrement(Increment Increment, Destination Destination)
{
    public Flow Flow => Increment.Flow;
}
