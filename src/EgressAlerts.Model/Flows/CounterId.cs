namespace EgressAlerts.Model;

/// <summary>Says what an increment is counted for, before its destination has a name. Many pods, jobs and metrics of Istio share one.</summary>
/// <param name="ResponseCode">Only of <see cref="Metric.Requests"/>; else empty.</param>
/// <param name="ResponseFlags">Envoy's flags. Only of requests and of closed connections; else empty.</param>
/// <param name="Tags">What only policies ask for. It is never exported.</param>
public sealed record CounterId(Flow Flow, Metric Metric, string ResponseCode = "", string ResponseFlags = "", PolicyTags Tags = default);
