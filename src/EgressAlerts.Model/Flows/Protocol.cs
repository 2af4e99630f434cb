namespace EgressAlerts.Model;

/// <summary>The protocol that the proxy saw (Istio's <c>request_protocol</c>).</summary>
public enum Protocol
{
    Tcp,
    Http,
    Grpc,
}
