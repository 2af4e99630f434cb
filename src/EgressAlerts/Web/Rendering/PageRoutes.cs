using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EgressAlerts.Web;

/// <summary>Maps pages. Each has a JSON twin below <c>/api/v1</c> that answers the same model.</summary>
/// <param name="routes">Everything below the route prefix.</param>
/// <param name="header">Makes the model of the bar on top of each page.</param>
internal sealed class PageRoutes(IEndpointRouteBuilder routes, RoutePrefix prefix, PageRenderer renderer, Func<HeaderModel> header, TimeProvider time)
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public void MapPage<TPage, TModel>(string path, string twin, Func<Arguments, CancellationToken, Task<PageResult<TModel>>> load)
        where TPage : PageOf<TModel>
        where TModel : class
    {
        routes.MapMethods(path, Methods, async context =>
        {
            var arguments = new Arguments(context.Request);
            var result = await load(arguments, context.RequestAborted);
            if (result.Markdown is { } markdown && arguments.Complaint is null && AsksForMarkdown(context.Request))
            {
                await Results.Text(markdown, "text/markdown; charset=utf-8").ExecuteAsync(context);
                return;
            }

            await AnswerAsync(context, arguments, arguments.Complaint is { } complaint
                ? new(StatusCodes.Status400BadRequest, "Bad request", typeof(MessagePage), complaint)
                : result.Model is { } model
                    ? new(StatusCodes.Status200OK, result.Title, typeof(TPage), model)
                    : new(StatusCodes.Status404NotFound, result.Title, typeof(MessagePage), result.Missing));
        });
        MapJson(twin, load);
    }

    /// <summary>As the other, where the JSON twin has the path of the page.</summary>
    public void MapPage<TPage, TModel>(string path, Func<Arguments, CancellationToken, Task<PageResult<TModel>>> load)
        where TPage : PageOf<TModel>
        where TModel : class => MapPage<TPage, TModel>(path, path, load);

    /// <summary>As the other, for a page that waits for nothing.</summary>
    public void MapPage<TPage, TModel>(string path, Func<Arguments, PageResult<TModel>> load)
        where TPage : PageOf<TModel>
        where TModel : class => MapPage<TPage, TModel>(path, (arguments, _) => Task.FromResult(load(arguments)));

    /// <summary>Maps what has no page.</summary>
    /// <param name="path">Below <c>/api/v1</c>.</param>
    public void MapJson<TModel>(string path, Func<Arguments, CancellationToken, Task<PageResult<TModel>>> load)
        where TModel : class => routes.MapMethods("/api/v1" + path, Methods, async context =>
    {
        var arguments = new Arguments(context.Request);
        var result = await load(arguments, context.RequestAborted);
        var answer = arguments.Complaint is { } complaint ? Results.Text(complaint + "\n", statusCode: StatusCodes.Status400BadRequest)
            : result.Model is { } model ? Results.Json(model, ApiJson.Options)
            : Results.Text(result.Missing + "\n", statusCode: StatusCodes.Status404NotFound);
        await answer.ExecuteAsync(context);
    });

    /// <summary>Answers what nothing else is mapped to.</summary>
    public void MapMissing()
    {
        Answer page = new(
            StatusCodes.Status404NotFound, "Not found", typeof(MessagePage), "There is no such page. The links above lead to all that there are.");
        var text = Results.Text("There is nothing here. The page / leads to everything.\n", statusCode: StatusCodes.Status404NotFound);
        routes.MapFallback("/{**path}", async context =>
        {
            if (prefix.Below(context.Request.Path).StartsWith("api/", StringComparison.Ordinal)) await text.ExecuteAsync(context);
            else await AnswerAsync(context, new Arguments(context.Request), page);
        });
    }

    /// <summary>A browser takes everything, but prefers HTML.</summary>
    private static bool AsksForMarkdown(HttpRequest request)
    {
        double Quality(string type) => request.GetTypedHeaders().Accept.Where(one => one.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase))
            .Select(one => one.Quality ?? 1).DefaultIfEmpty().Max();

        var markdown = Quality("text/markdown");
        return request.Path.Value?.EndsWith(".md", StringComparison.Ordinal) == true || (markdown > 0 && markdown >= Quality("text/html"));
    }

    private async Task AnswerAsync(HttpContext http, Arguments arguments, Answer answer)
    {
        var path = prefix.Below(http.Request.Path);
        var bar = header();
        var context = new PageContext(RoutePrefix.Root(path), path, [.. arguments.Given], time.GetUtcNow()) { HasClusters = bar.Clusters.Count > 1 };
        var document = new Dictionary<string, object?>
        {
            [nameof(Document.Context)] = context,
            [nameof(Document.Header)] = bar,
            [nameof(Document.Title)] = answer.Title,
            [nameof(Document.Page)] = answer.Page,
            [nameof(Document.Model)] = answer.Model,
        };
        var html = await renderer.RenderAsync<Document>(ParameterView.FromDictionary(document));
        http.Response.Headers.CacheControl = "no-cache";
        await Results.Content(html, "text/html; charset=utf-8", statusCode: answer.Status).ExecuteAsync(http);
    }

    /// <param name="Page">The component that shows <paramref name="Model"/>.</param>
    private sealed record Answer(int Status, string Title, Type Page, object Model);
}
