using System.Net;

namespace EgressAlerts.Dns;

/// <summary>One name server: its shared socket, and whether it understands EDNS0.</summary>
internal sealed class DnsServer(IPEndPoint endpoint, DnsMetrics metrics) : IDisposable
{
    private readonly Lock _lock = new();
    private UdpChannel? _channel;

    public IPEndPoint Endpoint => endpoint;

    public bool SpeaksEdns { get; set; } = true;

    public UdpChannel Channel
    {
        get
        {
            lock (_lock)
            {
                if (_channel is { IsOpen: true }) return _channel;
                _channel?.Dispose();
                return _channel = new UdpChannel(endpoint, metrics);
            }
        }
    }

    public void Dispose() => _channel?.Dispose();
}
