namespace EgressAlerts.Web;

/// <summary>Who talks to whom: namespaces on the left, owners of destinations on the right. A ribbon is as wide as the bytes that were sent out.</summary>
public sealed record FlowDiagram(IReadOnlyList<DiagramNode> Left, IReadOnlyList<DiagramNode> Right, IReadOnlyList<DiagramRibbon> Ribbons, double Height)
{
    /// <summary>The name of what has no place of its own in the picture.</summary>
    public const string Others = "others";

    internal const int MaxRibbons = 30;
    internal const int MaxNodes = 12;
    private const double Room = 260;
    private const double Gap = 8;

    /// <summary>A node is at least so high that its name can be read.</summary>
    private const double LeastHeight = 14;

    /// <param name="flows">Bytes from a namespace to an owner, and the trust in its name as the kind of a badge.</param>
    internal static FlowDiagram Of(IEnumerable<DiagramFlow> flows)
    {
        var summed = flows.Where(flow => flow.Bytes > 0).GroupBy(flow => (flow.From, flow.To, flow.Kind))
            .Select(group => group.First() with { Bytes = group.Sum(flow => flow.Bytes) }).ToList();
        var (left, right) = (Largest(summed, flow => flow.From), Largest(summed, flow => flow.To));
        var placed = Merged(summed.Select(flow => flow with
        {
            From = left.Contains(flow.From) ? flow.From : Others,
            To = right.Contains(flow.To) ? flow.To : Others,
            Kind = right.Contains(flow.To) ? flow.Kind : "muted",
        }));

        // The smallest ribbons become one, so that the picture stays readable.
        if (placed.Count > MaxRibbons)
        {
            var rest = placed.Skip(MaxRibbons - 1).Select(flow => new DiagramFlow(Others, Others, "muted", flow.Bytes));
            placed = Merged(placed.Take(MaxRibbons - 1).Concat(rest));
        }

        var total = placed.Sum(flow => flow.Bytes);
        if (total == 0) return new([], [], [], 0);
        var scale = Room / total;
        var from = Nodes(placed, flow => flow.From, scale);
        var to = Nodes(placed, flow => flow.To, scale);
        return new(from, to, Connected(placed, from, to, scale), Math.Max(Bottom(from), Bottom(to)));
    }

    private static HashSet<string> Largest(List<DiagramFlow> flows, Func<DiagramFlow, string> end) =>
        [.. flows.GroupBy(end).OrderByDescending(group => group.Sum(flow => flow.Bytes)).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Take(MaxNodes).Select(group => group.Key)];

    private static List<DiagramFlow> Merged(IEnumerable<DiagramFlow> flows) =>
    [
        .. flows.GroupBy(flow => (flow.From, flow.To, flow.Kind)).Select(group => group.First() with { Bytes = group.Sum(flow => flow.Bytes) })
            .OrderByDescending(flow => flow.Bytes).ThenBy(flow => flow.From, StringComparer.Ordinal).ThenBy(flow => flow.To, StringComparer.Ordinal),
    ];

    private static List<DiagramNode> Nodes(List<DiagramFlow> flows, Func<DiagramFlow, string> end, double scale)
    {
        var nodes = new List<DiagramNode>();
        var top = 0.0;
        foreach (var group in flows.GroupBy(end).OrderBy(group => group.Key == Others).ThenByDescending(group => group.Sum(flow => flow.Bytes)))
        {
            var height = group.Sum(flow => flow.Bytes) * scale;
            nodes.Add(new(group.Key, group.Sum(flow => flow.Bytes), top, height));
            top += Math.Max(height, LeastHeight) + Gap;
        }

        return nodes;
    }

    private static List<DiagramRibbon> Connected(List<DiagramFlow> flows, List<DiagramNode> left, List<DiagramNode> right, double scale)
    {
        var (leftTops, rightTops) = (left.ToDictionary(node => node.Name, node => node.Top), right.ToDictionary(node => node.Name, node => node.Top));
        var (leftPlaces, rightPlaces) = (Places(left), Places(right));
        var starts = new Dictionary<DiagramFlow, double>();
        foreach (var flow in flows.OrderBy(flow => leftPlaces[flow.From]).ThenBy(flow => rightPlaces[flow.To]))
        {
            starts[flow] = leftTops[flow.From];
            leftTops[flow.From] += flow.Bytes * scale;
        }

        var ribbons = new List<DiagramRibbon>();
        foreach (var flow in flows.OrderBy(flow => rightPlaces[flow.To]).ThenBy(flow => leftPlaces[flow.From]))
        {
            var width = flow.Bytes * scale;
            ribbons.Add(new(flow.From, flow.To, flow.Kind, flow.Bytes, starts[flow] + (width / 2), rightTops[flow.To] + (width / 2), width));
            rightTops[flow.To] += width;
        }

        return ribbons;
    }

    private static Dictionary<string, int> Places(List<DiagramNode> nodes) => nodes.Index().ToDictionary(entry => entry.Item.Name, entry => entry.Index);

    private static double Bottom(List<DiagramNode> nodes) => nodes[^1].Top + Math.Max(nodes[^1].Height, LeastHeight);
}

/// <summary>What was sent from one end to the other.</summary>
internal sealed record DiagramFlow(string From, string To, string Kind, double Bytes);

/// <summary>An end of ribbons. Lengths are in the picture's units.</summary>
public sealed record DiagramNode(string Name, double Bytes, double Top, double Height);

/// <summary>A ribbon between the middles of its two ends.</summary>
/// <param name="Kind">The trust in the names on the right, as the kind of a badge.</param>
public sealed record DiagramRibbon(string From, string To, string Kind, double Bytes, double Start, double End, double Width);
