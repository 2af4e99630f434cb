using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Testing;

/// <summary>An HTTP server that answers as a test tells it to: only for faults that a real server will not show.</summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackServer(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = null!;

    /// <summary>What it answers; may be changed at any time.</summary>
    public RequestDelegate Answer { get; set; } = context =>
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    /// <summary>Takes the request and keeps silent until the client has gone.</summary>
    public static async Task NeverAnswerAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    public static async Task<LoopbackServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new LoopbackServer(builder.Build());
        server._app.Run(context => server.Answer(context));
        await server._app.StartAsync();
        server.Address = new Uri(server._app.Urls.First());
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
