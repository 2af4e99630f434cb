namespace EgressAlerts.Model;

/// <summary>The labels that every <c>egress_*_total</c> carries.</summary>
public readonly record struct FlowLabels(string SourceNamespace, string SourceWorkload, string Destination, string Port, Route Route, Protocol Protocol);
