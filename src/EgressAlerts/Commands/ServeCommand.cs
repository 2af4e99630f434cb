using System.Net.Sockets;
using System.Runtime.InteropServices;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Export;
using EgressAlerts.Logging;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;

namespace EgressAlerts;

/// <summary>Puts the service together and runs it until it is told to stop.</summary>
internal static class ServeCommand
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(20);

    /// <exception cref="ConfigException">The configuration cannot be used.</exception>
    /// <exception cref="StartException">The service cannot start.</exception>
    /// <exception cref="StoreException">The database can neither be used nor set aside.</exception>
    public static async Task RunAsync(ServeOptions options, CancellationToken cancel)
    {
        await using var logger = Logs.Create(options.LogLevel, options.LogFormat);
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddSerilog(logger));
        var time = TimeProvider.System;
        var registry = new MetricRegistry();
        var metrics = new ServiceMetrics(registry, time);
        var exposition = new Exposition(registry, time);
        using var store = new Store(options.StoragePath, metrics.Storage, time, loggers.CreateLogger<Store>());
        OldCheckpoint.SetAside(options.StoragePath, loggers.CreateLogger("EgressAlerts.Service"));
        var worker = new PassWorker(options, () => ConfigLoader.Load(options.ConfigFile), store, exposition, metrics, time, loggers);

        // Empty: no appsettings.json and no environment variable configures it, and nobody watches the working directory, which may be "/".
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSerilog(logger);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options.Listen.Bind);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = ShutdownLimit;

            // The web server waits for its last answers, some of which the worker gives when it ends.
            host.ServicesStopConcurrently = true;
        });
        builder.Services.AddSingleton<IHostedService>(worker);
        await using var app = builder.Build();
        Endpoints.Map(app, options, worker, exposition);

        var log = loggers.CreateLogger("EgressAlerts.Service");
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = worker.ReloadAsync(CancellationToken.None); // Says in the log what came of it.
        });
        try
        {
            await StartAsync(app, options.Listen, cancel);
            Log.Started(log, ServiceVersion.Long, string.Join(' ', app.Urls), options.ConfigName, options.StoragePath);
            await app.WaitForShutdownAsync(cancel);
        }
        catch (OperationCanceledException) when (worker.ExecuteTask is { IsFaulted: true })
        {
            // The worker ended while the web server was starting.
        }

        // The host stops in the same way for a signal and for a worker that failed, but the exit code must tell them apart.
        if (worker.ExecuteTask is { IsFaulted: true } failed) await failed;
        Log.Stopped(log);
    }

    private static async Task StartAsync(WebApplication app, ListenAddress listen, CancellationToken cancel)
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
