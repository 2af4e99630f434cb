using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class FlowDiagramTests
{
    [Fact]
    public void The_widths_of_ribbons_add_up_to_the_heights_of_their_ends()
    {
        var diagram = FlowDiagram.Of(
        [
            new("shop", "stripe.com", "good", 300),
            new("shop", "amazonaws.com", "good", 100),
            new("batch", "stripe.com", "warning", 200),
        ]);
        Assert.Equal(3, diagram.Ribbons.Count);
        foreach (var node in diagram.Left) Assert.Equal(node.Height, diagram.Ribbons.Where(ribbon => ribbon.From == node.Name).Sum(ribbon => ribbon.Width), 6);
        foreach (var node in diagram.Right) Assert.Equal(node.Height, diagram.Ribbons.Where(ribbon => ribbon.To == node.Name).Sum(ribbon => ribbon.Width), 6);
        Assert.All(diagram.Ribbons, ribbon => Assert.InRange(ribbon.Start, 0, diagram.Height));
    }

    [Fact]
    public void There_are_at_most_thirty_ribbons_and_nothing_is_left_out()
    {
        var flows = Enumerable.Range(0, 2000).Select(i => new DiagramFlow($"ns-{i % 50}", $"owner-{i % 71}", i % 3 == 0 ? "good" : "muted", i + 1)).ToList();
        var diagram = FlowDiagram.Of(flows);
        Assert.InRange(diagram.Ribbons.Count, 2, FlowDiagram.MaxRibbons);
        Assert.Equal(flows.Sum(flow => flow.Bytes), diagram.Ribbons.Sum(ribbon => ribbon.Bytes), 3);
        Assert.Equal(FlowDiagram.Others, diagram.Left[^1].Name);
        Assert.InRange(diagram.Left.Count, 2, FlowDiagram.MaxNodes + 1);
    }

    [Fact]
    public void Without_traffic_there_is_no_picture() => Assert.Empty(FlowDiagram.Of([new("shop", "a", "good", 0)]).Ribbons);
}
