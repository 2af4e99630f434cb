namespace EgressAlerts.Model;

/// <summary>By how much one counter of a flow grew inside a window.</summary>
/// <param name="ResponseCode">Only of <see cref="Metric.Requests"/>, else empty.</param>
/// <param name="ResponseFlags">Envoy's flags, only of requests and closed connections, else empty.</param>
/// <param name="Amount">Requests, connections or bytes; more than zero.</param>
/// <param name="Facts">What policies ask for, see <see cref="PolicyFacts"/>.</param>
public readonly record struct Increment(Flow Flow, Metric Metric, string ResponseCode, string ResponseFlags, double Amount, string Facts = "");
