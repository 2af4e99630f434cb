using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.MeshSimulator;

/// <summary>Plays Slack's incoming webhook and PagerDuty's events API on loopback, and tells what would have been posted.</summary>
public static class NotificationReceiver
{
    public static async Task<WebApplication> StartAsync(int port, Action<string> tell)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapPost("/{service}/{**rest}", async (string service, HttpRequest request) =>
        {
            using var posted = await JsonDocument.ParseAsync(request.Body);
            tell($"POST /{service} {(service == "slack" ? Slack(posted.RootElement) : PagerDuty(posted.RootElement))}");
            return service == "slack"
                ? Results.Text("ok")
                : Results.Json(new { status = "success", dedup_key = "demo" }, statusCode: StatusCodes.Status202Accepted);
        });
        await app.StartAsync();
        return app;
    }

    private static string Slack(JsonElement message)
    {
        var attachment = message.GetProperty("attachments")[0];
        var link = attachment.TryGetProperty("title_link", out var to) ? $" | {to}" : "";
        return $"{message.GetProperty("channel")}: {attachment.GetProperty("title")} | {OneLine(attachment.GetProperty("text"))}{link}";
    }

    private static string PagerDuty(JsonElement message) =>
        $"{message.GetProperty("event_action")}: {(message.TryGetProperty("payload", out var payload) ? OneLine(payload.GetProperty("summary")) : "")}";

    private static string OneLine(JsonElement text) => text.GetString()!.Trim().ReplaceLineEndings(" / ");
}
