using System.Net.Sockets;
using System.Runtime.InteropServices;
using EgressAlerts.Export;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using ILogger = Microsoft.Extensions.Logging.ILogger;

namespace EgressAlerts.Web;

/// <summary>Runs the worker and the web server beside it until the service is told to stop.</summary>
internal static class WebServer
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(20);

    /// <exception cref="StartException">The address cannot be listened on.</exception>
    /// <exception cref="Storage.StoreException">The database can neither be used nor set aside.</exception>
    public static async Task RunAsync(
        ServeOptions options, WebAccess access, PassWorker worker, Exposition exposition, Serilog.Core.Logger output, ILogger log, CancellationToken cancel)
    {
        // Empty: no appsettings.json and no environment variable configures it, and nobody watches the working directory, which may be "/".
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSerilog(output);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => options.Listen.Bind(kestrel, access.Secure));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = ShutdownLimit;

            // The web server waits for its last answers, some of which the worker gives when it ends.
            host.ServicesStopConcurrently = true;
        });
        builder.Services.AddSingleton<IHostedService>(worker);
        await using var app = builder.Build();
        SecurityHeaders.Use(app);
        access.Guard(app);
        Endpoints.Map(app, options, access, worker, exposition, app.Services.GetRequiredService<ILoggerFactory>());
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = worker.ReloadAsync(CancellationToken.None); // Says in the log what came of it.
        });
        try
        {
            await StartAsync(app, options.Listen, cancel);
            EgressAlerts.Log.Started(log, ServiceVersion.Long, string.Join(' ', app.Urls), options.ConfigName, options.StoragePath);
            await app.WaitForShutdownAsync(cancel);
        }
        catch (OperationCanceledException) when (worker.ExecuteTask is { IsFaulted: true })
        {
            // The worker ended while the web server was starting.
        }

        // The host stops in the same way for a signal and for a worker that failed, but the exit code must tell them apart.
        if (worker.ExecuteTask is { IsFaulted: true } failed) await failed;
        EgressAlerts.Log.Stopped(log);
    }

    private static async Task StartAsync(WebApplication app, IListener listen, CancellationToken cancel)
    {
        try
        {
            await app.StartAsync(cancel);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw listen.Refused(e);
        }
    }
}
