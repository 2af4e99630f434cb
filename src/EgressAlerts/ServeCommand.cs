using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using EgressAlerts.Export;
using EgressAlerts.Logging;
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

    public static async Task RunAsync(ServeOptions options, CancellationToken cancel)
    {
        await using var logger = Logs.Create(options.LogLevel, options.LogFormat);
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddSerilog(logger));
        using var meter = new Meter("EgressAlerts");
        using var selfMetrics = new SelfMetrics(meter);
        var time = TimeProvider.System;
        var metrics = new StageMetrics(meter, time);
        var exposition = new Exposition(selfMetrics, time, options.CreatedTimestamps);
        using var checkpoint = new Checkpoint(options.StoragePath, metrics.Service, time, loggers.CreateLogger<Checkpoint>());
        var worker = new PassWorker(options, checkpoint, exposition, metrics, time, loggers);

        // Empty: no appsettings.json and no environment variable configures it, and nobody watches the working directory, which may be "/".
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddSerilog(logger);
        builder.WebHost.UseKestrelCore().UseUrls(options.Listen.Url!);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownLimit);
        builder.Services.AddSingleton<IHostedService>(worker);
        await using var app = builder.Build();
        Endpoints.Map(app, options, worker, exposition);

        var log = loggers.CreateLogger("EgressAlerts.Service");
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            _ = worker.ReloadAsync(CancellationToken.None); // Says in the log what came of it.
        });
        await app.StartAsync(cancel);
        Log.Started(log, ServiceVersion.Long, string.Join(' ', app.Urls), options.ConfigFile ?? "(defaults)", options.StoragePath);
        await app.WaitForShutdownAsync(cancel);
        Log.Stopped(log);
    }
}
