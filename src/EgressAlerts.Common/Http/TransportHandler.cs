using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Common;

/// <summary>Carries requests over connections made with the certificates that the files hold now. New certificates need no reload. Any thread.</summary>
internal sealed class TransportHandler(TlsSettings settings, Uri? proxyUrl, ILogger logger) : HttpMessageHandler
{
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private string _fingerprint = "";
    private HttpMessageInvoker? _current;
    private string _fault = "";

    /// <exception cref="HttpRequestException">The files could never be used; its error is <see cref="HttpRequestError.UserAuthenticationError"/>.</exception>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Current().SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing) _current?.Dispose();
        base.Dispose(disposing);
    }

    private HttpMessageInvoker Current()
    {
        lock (_lock)
        {
            // Taken before the files are read: a file that is written meanwhile is read again with the next request.
            var fingerprint = TlsFiles.Fingerprint(settings);
            if (_current is null || _fault.Length > 0 || fingerprint != _fingerprint) Renew(fingerprint);
            return _current ?? throw new HttpRequestException(HttpRequestError.UserAuthenticationError, $"tls_config cannot be used: {_fault}");
        }
    }

    private void Renew(string fingerprint)
    {
        try
        {
            // The old transport is not disposed, because requests may still use it. Its idle connections close by themselves after a minute.
            var next = new HttpMessageInvoker(Transport(TlsFiles.Load(settings)));
            if (_current is not null) Log.TlsFilesRead(logger, settings.CaFile, settings.CertFile);
            (_current, _fingerprint, _fault) = (next, fingerprint, "");
        }
        catch (InvalidDataException e)
        {
            if (_current is not null && _fault.Length == 0) Log.TlsFilesRefused(logger, e.Message);
            _fault = e.Message;
        }
    }

    private SocketsHttpHandler Transport(SslClientAuthenticationOptions tls)
    {
        var handler = new SocketsHttpHandler
        {
            PooledConnectionLifetime = ConnectionLifetime, // Name changes of a server are seen in time.
            AllowAutoRedirect = false, // A redirected POST becomes a GET and loses its body; headers that hold secrets would go to another server.
            UseProxy = proxyUrl is not null,
            Proxy = proxyUrl is { } proxy ? Proxy(proxy) : null,
            UseCookies = false,
            SslOptions = tls,
        };
        if (settings.ServerName.Length > 0) handler.ConnectCallback = (context, cancel) => ConnectAsync(context, tls, cancel);
        return handler;
    }

    private static WebProxy Proxy(Uri url)
    {
        var (username, password) = HttpText.Credentials(url);
        return new(HttpText.WithoutCredentials(url)) { Credentials = username.Length > 0 ? new NetworkCredential(username, password) : null };
    }

    /// <summary>SocketsHttpHandler always asks for the name in the URL, so <c>tls_config.server_name</c> needs a connection of our own.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, SslClientAuthenticationOptions tls, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var plain = new NetworkStream(socket, ownsSocket: true);
        return context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttps ? await SecureAsync(plain, tls, cancel) : plain;
    }

    private async Task<SslStream> SecureAsync(NetworkStream plain, SslClientAuthenticationOptions tls, CancellationToken cancel)
    {
        var secure = new SslStream(plain);
        try
        {
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = settings.ServerName,
                ClientCertificateContext = tls.ClientCertificateContext,
                CertificateChainPolicy = tls.CertificateChainPolicy,
                RemoteCertificateValidationCallback = tls.RemoteCertificateValidationCallback,
            };
            await secure.AuthenticateAsClientAsync(options, cancel);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}
