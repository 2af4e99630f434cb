using System.Text.Json;

namespace EgressAlerts.Registry;

/// <summary>Builds values out of a resource of the Kubernetes API, within the same bounds as <see cref="NodeParser"/>.</summary>
internal sealed class JsonNodes
{
    private int _nodes;

    private JsonNodes()
    {
    }

    /// <exception cref="ResourceFault">The resource is too large, too deep or ambiguous.</exception>
    public static Node Read(JsonElement resource) => new JsonNodes().Convert(resource, "", 0);

    private Node Convert(JsonElement json, string path, int depth)
    {
        if (++_nodes > NodeParser.MaxNodes) throw new ResourceFault(0, "", $"has more than {NodeParser.MaxNodes} values");
        if (depth > NodeParser.MaxDepth) throw new ResourceFault(0, "", $"is nested deeper than {NodeParser.MaxDepth} levels");
        return json.ValueKind switch
        {
            JsonValueKind.Object => new(0, path) { Keys = Keys(json, path, depth) },
            JsonValueKind.Array => new(0, path) { Items = Items(json, path, depth) },
            JsonValueKind.String => new(0, path) { Text = Text(json, path) },
            JsonValueKind.Null => new(0, path),
            _ => new(0, path) { Text = json.GetRawText() },
        };
    }

    private Dictionary<string, Node> Keys(JsonElement json, string path, int depth)
    {
        var keys = new Dictionary<string, Node>();
        foreach (var member in json.EnumerateObject())
        {
            // Who wrote which field is often the largest part, and nobody asks for it here.
            if (path == "metadata" && member.NameEquals("managedFields")) continue;
            var value = Convert(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", depth + 1);
            if (!keys.TryAdd(member.Name, value)) throw new ResourceFault(0, path, NodeParser.Twice);
        }

        return keys;
    }

    private List<Node> Items(JsonElement json, string path, int depth)
    {
        var items = new List<Node>();
        foreach (var item in json.EnumerateArray()) items.Add(Convert(item, FormattableString.Invariant($"{path}[{items.Count}]"), depth + 1));
        return items;
    }

    private static string Text(JsonElement json, string path)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ResourceFault(0, path, "is no text of Unicode");
        }
    }
}
