using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.MeshSimulator;

/// <summary>Plays Slack's incoming webhook and PagerDuty's events API on loopback, and tells each message as a person would see it.</summary>
/// <remarks>A message is one text: first <c>POST /slack #channel</c> or <c>POST /pagerduty trigger</c>, then indented lines with the title, its link, the
/// text, the fields and the buttons.</remarks>
public static class NotificationReceiver
{
    private const int Width = 110;

    private static readonly string[] Details = ["severity", "class", "group", "component"];

    public static async Task<WebApplication> StartAsync(int port, Action<string> tell)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapPost("/{service}/{**rest}", async (string service, HttpRequest request) =>
        {
            using var posted = await JsonDocument.ParseAsync(request.Body);
            tell($"POST /{service} {string.Join("\n  ", service == "slack" ? Slack(posted.RootElement) : PagerDuty(posted.RootElement))}");
            return service == "slack"
                ? Results.Text("ok")
                : Results.Json(new { status = "success", dedup_key = "demo" }, statusCode: StatusCodes.Status202Accepted);
        });
        await app.StartAsync();
        return app;
    }

    private static string[] Slack(JsonElement message)
    {
        var attachment = message.GetProperty("attachments")[0];
        return
        [
            Text(message, "channel"), .. Wrap(Text(attachment, "title")), .. Wrap(Text(attachment, "title_link")), .. Wrap(Text(attachment, "text")),
            .. Items(attachment, "fields").Select(field => $"{Text(field, "title") + ':',-10} {Text(field, "value")}"),
            .. Items(attachment, "actions").Select(button => $"{'[' + Text(button, "text") + ']',-11} {Text(button, "url")}"),
        ];
    }

    private static string[] PagerDuty(JsonElement message)
    {
        var payload = message.TryGetProperty("payload", out var found) ? found : default;
        return
        [
            Text(message, "event_action"), .. Wrap(Text(payload, "summary")),
            .. from name in Details let value = Text(payload, name) where value.Length > 0 select $"{name + ':',-10} {value}",
            .. Items(message, "links").Select(link => $"{'[' + Text(link, "text") + ']',-11} {Text(link, "href")}"),
        ];
    }

    private static string Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()!.Trim() : "";

    private static JsonElement[] Items(JsonElement of, string name) =>
        of.TryGetProperty(name, out var items) && items.ValueKind == JsonValueKind.Array ? [.. items.EnumerateArray()] : [];

    /// <summary>Lines of at most <see cref="Width"/> characters, but a longer word, such as a link, stays whole.</summary>
    private static IEnumerable<string> Wrap(string text)
    {
        foreach (var paragraph in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var line = new StringBuilder();
            foreach (var word in paragraph.Split(' '))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > Width)
                {
                    yield return line.ToString();
                    line.Clear();
                }

                if (line.Length > 0) line.Append(' ');
                line.Append(word);
            }

            yield return line.ToString();
        }
    }
}
