using System.Globalization;
using EgressAlerts.Export;
using EgressAlerts.Polling;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Web;

/// <summary>What the service answers over HTTP.</summary>
internal static class Endpoints
{
    public static void Map(WebApplication app, ServeOptions options, PassWorker worker, Exposition exposition)
    {
        app.MapGet("/", () => Results.Content(Page(), "text/html; charset=utf-8"));
        app.MapMethods("/metrics", ["GET", "HEAD"], new MetricsEndpoint(exposition).AnswerAsync);
        app.MapGet("/-/healthy", () => "EgressAlerts is healthy.\n");
        app.MapGet("/-/ready", () => worker.IsReady
            ? Results.Text("EgressAlerts is ready.\n")
            : Results.Text("EgressAlerts is reading its database.\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapPost("/-/reload", (CancellationToken cancel) => ReloadAsync(options, worker, cancel));
        app.MapGet("/api/v1/status", () => Results.Json(Status.Of(options, worker, exposition), ApiJson.Options));
        app.MapGet("/api/v1/destinations", () => Results.Json(DestinationList.Of(exposition), ApiJson.Options));
        app.MapGet("/api/v1/waiting", () => Results.Json(WaitingList.Of(exposition), ApiJson.Options));
        app.MapGet("/api/v1/alerts", (HttpRequest request) => Alerts(request.Query, worker.Pass));
        app.MapGet("/api/v1/alerts/{fingerprint}", (string fingerprint) => Alert(fingerprint, worker.Pass));
        app.MapGet(TelemetryWarning.TelemetryResource, () => Results.Text(Documents.TelemetryResource, "application/yaml; charset=utf-8"));
        app.MapGet("/runbooks/{name}", (string name) => Documents.FindRunbook(name) is { } text
            ? Results.Text(text, "text/markdown; charset=utf-8")
            : Results.NotFound($"There is no runbook {name}; there are: {string.Join(", ", Documents.RunbookNames)}\n"));
    }

    private static IResult Alerts(IQueryCollection arguments, Pass pass) => AlertQuery.Parse(arguments, out var query) is { } error
        ? Results.Text(error + "\n", statusCode: StatusCodes.Status400BadRequest)
        : Results.Json(AlertList.Of(query, pass.Alerts, pass.HeldBackAlerts, pass.AlertHistory), ApiJson.Options);

    private static IResult Alert(string fingerprint, Pass pass) => AlertList.Of(fingerprint, pass.HeldBackAlerts, pass.AlertHistory) is { Count: > 0 } found
        ? Results.Json(found, ApiJson.Options)
        : Results.Text(
            "There is no alert with this fingerprint, or it resolved longer than alerting.history ago. "
            + "/api/v1/alerts shows what fires, and with start what has fired since.\n",
            statusCode: StatusCodes.Status404NotFound);

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

    private static string Page()
    {
        (string Path, string What)[] links =
        [
            ("/metrics", "the exported metrics"),
            ("/api/v1/status", "how the service stands"),
            ("/api/v1/destinations", "destinations and where their names come from"),
            ("/api/v1/waiting", "what is counted and waits for a name"),
            ("/api/v1/alerts", "alerts that fire, resolved lately or are held back; with start and end those of the past"),
            (TelemetryWarning.TelemetryResource, "the Telemetry resource that adds addresses to Istio's metrics"),
            .. Documents.RunbookNames.Select(name => ($"/runbooks/{name}", $"runbook of {name}")),
            ("/-/healthy", "is the process alive"),
            ("/-/ready", "does it work"),
        ];
        var items = links.Select(link => string.Create(CultureInfo.InvariantCulture, $"<li><a href=\"{link.Path}\">{link.Path}</a>: {link.What}</li>"));
        return "<!doctype html><html lang=\"en\"><head><title>EgressAlerts</title></head><body>"
            + $"<h1>EgressAlerts {ServiceVersion.Text}</h1><ul>{string.Concat(items)}</ul></body></html>\n";
    }
}
