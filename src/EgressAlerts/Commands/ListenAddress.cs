using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EgressAlerts;

/// <summary>What the web server listens on.</summary>
internal interface IListener
{
    /// <summary>Where a person on another machine would find the service, as far as this machine can know, if it speaks HTTP.</summary>
    Uri External { get; }

    /// <param name="configure">Called for each address that is listened on.</param>
    void Bind(KestrelServerOptions server, Action<ListenOptions> configure);

    /// <summary>What to tell an operator whose wish the system has refused.</summary>
    StartException Refused(Exception error);
}

/// <summary>Where the service listens: an address of this machine and a port. A host name is refused, because one that is mistyped must not open
/// other interfaces.</summary>
internal sealed class ListenAddress : IListener
{
    public const string Expected =
        "an address with a port, such as 127.0.0.1:10098, [::1]:10098, localhost:10098, or :10098 for all IPv4 addresses of this machine";

    private readonly string _text;

    /// <summary>Null where the name <c>localhost</c> stands for both loopback addresses.</summary>
    private readonly IPAddress? _address;
    private readonly int _port;

    private ListenAddress(string text, IPAddress? address, int port) => (_text, _address, _port) = (text, address, port);

    /// <inheritdoc/>
    public Uri External => new($"http://{(IsAny ? Environment.MachineName : _text[.._text.LastIndexOf(':')])}:{_port}");

    private bool IsAny => IPAddress.Any.Equals(_address) || IPAddress.IPv6Any.Equals(_address);

    /// <summary>Null where the text is not what <see cref="Expected"/> says. Port 0 lets the system choose one.</summary>
    public static ListenAddress? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)) return null;
        var host = text[..colon];
        if (host == "localhost") return new(text, port == 0 ? IPAddress.Loopback : null, port);
        return Address(host) is { } address ? new(text, address, port) : null;
    }

    /// <inheritdoc/>
    public void Bind(KestrelServerOptions server, Action<ListenOptions> configure)
    {
        if (_address is null) server.ListenLocalhost(_port, configure);
        else server.Listen(_address, _port, configure);
    }

    /// <inheritdoc/>
    public StartException Refused(Exception error)
    {
        var advice = (error as SocketException ?? error.GetBaseException() as SocketException)?.SocketErrorCode switch
        {
            SocketError.AccessDenied => "ports below 1024 need the capability CAP_NET_BIND_SERVICE, other ports do not",
            SocketError.AddressNotAvailable => "this machine has no such address; :PORT listens on all of its addresses",
            SocketError.AddressAlreadyInUse => "another process listens there; choose another port or stop that process",
            SocketError.AddressFamilyNotSupported => "this machine has no IPv6; give an IPv4 address",
            _ => $"give {Expected}",
        };
        return new($"--web.listen-address: cannot listen on {_text} ({error.Message.TrimEnd('.')}): {advice}", error);
    }

    private static IPAddress? Address(string host) => host switch
    {
        "" => IPAddress.Any,
        ['[', .., ']'] => IPAddress.TryParse(host[1..^1], out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 ? address : null,

        // The parser of the platform also takes 127.1 and 0x7f000001, which are more likely typing errors.
        _ => IPAddress.TryParse(host, out var address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == host ? address : null,
    };
}
