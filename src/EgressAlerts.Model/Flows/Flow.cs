namespace EgressAlerts.Model;

/// <summary>Who talked to what, by which route, in which protocol.</summary>
public sealed record Flow(Workload Source, RawDestination To, Route Route, Protocol Protocol);
