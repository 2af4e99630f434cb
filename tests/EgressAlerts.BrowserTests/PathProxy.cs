using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.BrowserTests;

/// <summary>A reverse proxy on loopback that shows a service under another path, as an ingress with a rewrite does.</summary>
internal sealed class PathProxy : IAsyncDisposable
{
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = false });
    private readonly WebApplication _app;

    private PathProxy(WebApplication app) => _app = app;

    public Uri Address => new(new Uri(_app.Urls.First()), "/tools/watch/");

    public static async Task<PathProxy> StartAsync(Uri service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var proxy = new PathProxy(builder.Build());
        proxy._app.Map("/tools/watch/{**path}", (HttpContext context) => proxy.ForwardAsync(context, service));
        await proxy._app.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context, Uri service)
    {
        var rest = context.Request.Path.Value!["/tools/watch/".Length..] + context.Request.QueryString;
        using var answer = await _http.GetAsync(new Uri(service, rest), context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        foreach (var header in (string[])["Content-Security-Policy", "Location"])
        {
            if (answer.Headers.TryGetValues(header, out var values)) context.Response.Headers[header] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
