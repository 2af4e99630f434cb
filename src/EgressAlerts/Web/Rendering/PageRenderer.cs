using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Web;

/// <summary>Renders a component as text, once and on the server. Any thread.</summary>
internal sealed class PageRenderer(ILoggerFactory loggers)
{
    /// <summary>Components get all that they show as parameters, so there is nothing to inject.</summary>
    private static readonly ServiceProvider NoServices = new ServiceCollection().BuildServiceProvider();

    public async Task<string> RenderAsync<TComponent>(ParameterView parameters)
        where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(NoServices, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TComponent>(parameters)).ToHtmlString());
    }
}
