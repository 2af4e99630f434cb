using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace EgressAlerts.Web;

/// <summary>Text in a picture. Razor has a tag of its own that is called <c>text</c>, so this one is written by hand.</summary>
public sealed class Caption : ComponentBase
{
    [Parameter, EditorRequired]
    public double X { get; set; }

    [Parameter, EditorRequired]
    public double Y { get; set; }

    /// <summary><c>start</c> or <c>end</c>.</summary>
    [Parameter, EditorRequired]
    public string Anchor { get; set; } = "";

    [Parameter, EditorRequired]
    public string Text { get; set; } = "";

    /// <inheritdoc/>
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "x", PageText.Coordinate(X));
        builder.AddAttribute(2, "y", PageText.Coordinate(Y));
        builder.AddAttribute(3, "text-anchor", Anchor);
        builder.AddContent(4, Text);
        builder.CloseElement();
    }
}
