using Microsoft.AspNetCore.Components;

namespace EgressAlerts.Web;

/// <summary>The component of a page. It shows <see cref="Model"/>, which is what the JSON twin answers.</summary>
public abstract class PageOf<TModel> : ComponentBase
    where TModel : class
{
    [Parameter, EditorRequired]
    public TModel Model { get; set; } = null!;

    [CascadingParameter]
    public PageContext Context { get; set; } = null!;
}
