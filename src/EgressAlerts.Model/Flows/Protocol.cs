namespace EgressAlerts.Model;

/// <summary>What the proxy took the traffic for: Istio's <c>request_protocol</c>.</summary>
public enum Protocol
{
    Tcp,
    Http,
    Grpc,
}
