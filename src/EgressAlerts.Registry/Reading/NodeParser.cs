using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EgressAlerts.Registry;

/// <summary>Builds values out of the events of a YAML parser, within bounds. JSON is YAML too.</summary>
internal sealed class NodeParser(IParser parser)
{
    public const string Twice = "a key stands twice in one mapping";

    public const int MaxDepth = 64;
    public const int MaxNodes = 100_000;
    private int _nodes;

    /// <summary>The value that the parser stands at. The count of nodes begins anew.</summary>
    public Node Parse(string path)
    {
        _nodes = 0;
        return Parse(path, 0);
    }

    private Node Parse(string path, int depth)
    {
        var line = (int)parser.Current!.Start.Line;
        if (++_nodes > MaxNodes) throw new YamlException(parser.Current.Start, parser.Current.End, $"one resource has more than {MaxNodes} values");
        if (depth > MaxDepth) throw new YamlException(parser.Current.Start, parser.Current.End, $"values are nested deeper than {MaxDepth} levels");
        if (parser.TryConsume<Scalar>(out var scalar)) return new(line, path) { Text = IsNull(scalar) ? null : scalar.Value };
        if (parser.TryConsume<SequenceStart>(out _))
        {
            var items = new List<Node>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Parse(FormattableString.Invariant($"{path}[{items.Count}]"), depth + 1));
            return new(line, path) { Items = items };
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var keys = new Dictionary<string, Node>();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = Key();
                var value = Parse(path.Length == 0 ? key.Value : $"{path}.{key.Value}", depth + 1);
                if (!keys.TryAdd(key.Value, value)) throw new YamlException(key.Start, key.End, Twice);
            }

            return new(line, path) { Keys = keys };
        }

        // A few aliases of aliases stand for gigabytes, and kubectl prints none.
        throw new YamlException(parser.Current.Start, parser.Current.End, "aliases (*name) are not read here; write the value itself");
    }

    /// <summary>The key of a mapping that the parser stands at.</summary>
    public Scalar Key() => parser.TryConsume<Scalar>(out var key)
        ? key.Value.Length <= 512 ? key : throw new YamlException(key.Start, key.End, "a key is longer than 512 characters")
        : throw new YamlException(parser.Current!.Start, parser.Current.End, "a key of a mapping is no text");

    public static bool IsNull(Scalar scalar) => scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" };
}
