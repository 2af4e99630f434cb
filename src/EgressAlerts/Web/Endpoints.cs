using EgressAlerts.Export;
using EgressAlerts.Polling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Web;

/// <summary>What the service answers over HTTP.</summary>
internal static class Endpoints
{
    public static void Map(
        WebApplication app, ServeOptions options, WebAccess access, PassWorker worker, Exposition exposition, ILoggerFactory loggers)
    {
        var routes = app.MapGroup(options.Prefix.Text);
        MapService(routes, options, worker, exposition);
        MapPages(routes, options, new PageSources(options, worker, exposition, TimeProvider.System) { Access = access }, loggers);
        if (options.Prefix.Text.Length == 0) return;

        // Links are relative, so they need the slash at the end.
        app.MapGet("/", () => Results.Redirect(options.Prefix.Text[1..] + "/"));
        app.Use((context, next) =>
        {
            if (context.Request.Path != options.Prefix.Text) return next(context);
            context.Response.Redirect(options.Prefix.Text[(options.Prefix.Text.LastIndexOf('/') + 1)..] + "/");
            return Task.CompletedTask;
        });
    }

    /// <summary>What machines ask for.</summary>
    private static void MapService(IEndpointRouteBuilder routes, ServeOptions options, PassWorker worker, Exposition exposition)
    {
        routes.MapMethods("/metrics", ["GET", "HEAD"], new MetricsEndpoint(exposition).AnswerAsync);
        routes.MapGet("/-/healthy", () => "EgressAlerts is healthy.\n");
        routes.MapGet("/-/ready", () => worker.IsReady
            ? Results.Text("EgressAlerts is ready.\n")
            : Results.Text("EgressAlerts is reading its database.\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        routes.MapPost("/-/reload", (CancellationToken cancel) => ReloadAsync(options, worker, cancel));
        routes.MapGet("/api/v1/waiting", () => Results.Json(WaitingList.Of(exposition), ApiJson.Options));
        routes.MapGet(TelemetryWarning.TelemetryResource, () => Results.Text(ShippedDocuments.TelemetryResource, "application/yaml; charset=utf-8"));
        routes.MapGet(TelemetryWarning.WaypointResource, () => Results.Text(ShippedDocuments.WaypointResource, "application/yaml; charset=utf-8"));
    }

    /// <summary>What people look at.</summary>
    private static void MapPages(IEndpointRouteBuilder routes, ServeOptions options, PageSources sources, ILoggerFactory loggers)
    {
        var header = new HeaderView(sources.Worker, sources.Exposition, sources.Traffic, TimeProvider.System);
        var pages = new PageRoutes(routes, options.Prefix, new PageRenderer(loggers), header.Read, TimeProvider.System);
        pages.MapJson("/header", (_, _) => Task.FromResult(PageResult.Of("Header", header.Read())));
        new OverviewPages(sources).Map(pages);
        new WorkloadPages(sources).Map(pages);
        new DestinationPages(sources).Map(pages);
        new ReadinessPages(sources).Map(pages);
        new EntryPages(sources).Map(pages);
        new PolicyPages(sources).Map(pages);
        new ExplainPages(sources).Map(pages);
        new StatusPages(sources).Map(pages);
        new ConfigPages(sources).Map(pages);
        new AlertPages(sources).Map(pages);
        DocumentPages.Map(pages);
        PageAssets.Map(routes);
        pages.MapMissing();
    }

    private static async Task<IResult> ReloadAsync(ServeOptions options, PassWorker worker, CancellationToken cancel)
    {
        if (!options.EnableLifecycle)
        {
            return Results.Text(
                "Reloading over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP.\n", statusCode: StatusCodes.Status403Forbidden);
        }

        var errors = await worker.ReloadAsync(cancel);
        return errors is null
            ? Results.Text("Reloaded.\n")
            : Results.Text($"Not reloaded, the old configuration stays in use:\n{errors}\n", statusCode: StatusCodes.Status500InternalServerError);
    }
}
