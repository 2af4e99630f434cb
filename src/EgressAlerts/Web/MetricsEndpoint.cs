using EgressAlerts.Export;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Prometheus;

namespace EgressAlerts.Web;

/// <summary>Answers scrapes, a few at a time.</summary>
internal sealed class MetricsEndpoint(Exposition exposition)
{
    public const int MaxScrapes = 10;

    private int _scrapes;

    public async Task AnswerAsync(HttpContext context)
    {
        try
        {
            if (Interlocked.Increment(ref _scrapes) <= MaxScrapes) await ScrapeAsync(context);
            else await RefuseAsync(context);
        }
        finally
        {
            Interlocked.Decrement(ref _scrapes);
        }
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync($"There are {MaxScrapes} scrapes under way: scrape less often or from fewer places.\n", context.RequestAborted);
    }

    private async Task ScrapeAsync(HttpContext context)
    {
        var (request, response) = (context.Request.GetTypedHeaders(), context.Response);
        var format = FormatOf(request.Accept);
        var scrape = exposition.Render(format);
        var gzip = TakesGzip(request.AcceptEncoding);
        var body = gzip ? [scrape.Compress()] : scrape.Plain;
        response.ContentType = format == ExpositionFormat.OpenMetricsText
            ? PrometheusConstants.OpenMetricsContentTypeWithVersionAndEncoding
            : PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        response.Headers.Vary = "Accept, Accept-Encoding";
        if (gzip) response.Headers.ContentEncoding = "gzip";
        response.ContentLength = body.Sum(part => part.Length);
        if (HttpMethods.IsHead(context.Request.Method)) return;
        foreach (var part in body) await response.Body.WriteAsync(part, context.RequestAborted);
        await response.CompleteAsync();
        exposition.Delivered(scrape);
    }

    /// <summary>What the asker likes best; text where it likes neither, since an answer is more use than none.</summary>
    internal static ExpositionFormat FormatOf(IList<MediaTypeHeaderValue>? accept)
    {
        double Quality(Func<MediaTypeHeaderValue, bool> isIt) => (accept ?? []).Where(isIt).Select(type => type.Quality ?? 1).DefaultIfEmpty(0).Max();

        var openMetrics = Quality(
            type => type.MediaType.Equals("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) && VersionOf(type) is "" or "1.0.0");
        var text = Quality(type => (type.MatchesAllTypes || type.MediaType.Equals("text/*", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("text/plain", StringComparison.OrdinalIgnoreCase)) && VersionOf(type) is "" or "0.0.4");
        return openMetrics > 0 && openMetrics >= text ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText;
    }

    internal static bool TakesGzip(IList<StringWithQualityHeaderValue>? encodings) =>
        (encodings ?? []).Any(encoding => encoding.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && encoding.Quality is not 0);

    private static string VersionOf(MediaTypeHeaderValue type) =>
        type.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("version", StringComparison.OrdinalIgnoreCase))?.Value.ToString().Trim('"') ?? "";
}
