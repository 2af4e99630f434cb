using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Testing;

/// <summary>A real HTTPS server on loopback. It answers with the name it was asked for (SNI) and the common name of the client's certificate.</summary>
public sealed class TlsServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TlsServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>What it shows; a new connection sees a change.</summary>
    public X509Certificate2 Certificate { get; set; } = null!;

    /// <summary>A request for /slow is answered with headers at once, and with its body when this is set.</summary>
    public TaskCompletionSource Slow { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="clients">The root that clients' certificates must lead to; null: clients need none.</param>
    public static async Task<TlsServer> StartAsync(X509Certificate2 certificate, X509Certificate2? clients = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        TlsServer server = null!;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificateSelector = (_, _) => server.Certificate,
            ClientCertificateMode = clients is null ? ClientCertificateMode.NoCertificate : ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, chain, _) => LeadsTo(clients!, certificate, chain!),
        })));
        server = new TlsServer(builder.Build()) { Certificate = certificate };
        server._app.Run(async context =>
        {
            if (context.Request.Path == "/slow")
            {
                await context.Response.Body.FlushAsync();
                await server.Slow.Task;
            }

            var client = context.Connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
            await context.Response.WriteAsync($"{context.Features.Get<ITlsHandshakeFeature>()!.HostName}|{client}");
        });
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Urls.First());
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Knows the root alone: what stands between has to come from the client.</summary>
    private static bool LeadsTo(X509Certificate2 root, X509Certificate2 certificate, X509Chain sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
