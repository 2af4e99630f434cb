using EgressAlerts.Web;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Web;

/// <summary>Renders pages as the server does, and makes requests with arguments.</summary>
internal static class Rendered
{
    public static readonly DateTimeOffset Now = new(2026, 1, 10, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The whole document.</summary>
    /// <param name="path">Of the page, below the overview.</param>
    public static Task<string> PageAsync<TPage, TModel>(TModel model, string path = "page", DateTimeOffset? now = null)
        where TPage : PageOf<TModel>
        where TModel : class => new PageRenderer(NullLoggerFactory.Instance).RenderAsync<Document>(ParameterView.FromDictionary(new Dictionary<string, object?>
        {
            [nameof(Document.Context)] = new PageContext(RoutePrefix.Root(path), path, [], now ?? Now),
            [nameof(Document.Header)] = new HeaderModel("0.2.0", [new("good", "Prometheus ok", "status")], null, []),
            [nameof(Document.Title)] = "Page",
            [nameof(Document.Page)] = typeof(TPage),
            [nameof(Document.Model)] = model,
        }));

    public static Arguments Arguments(string query = "") => new(new DefaultHttpContext { Request = { QueryString = new QueryString(query) } }.Request);
}
