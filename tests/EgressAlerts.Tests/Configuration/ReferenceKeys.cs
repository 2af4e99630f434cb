using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Tests.Configuration;

/// <summary>Finds the keys of a commented YAML file by their full paths, such as <c>policies[].source.labels</c>. Keys in commented examples count too;
/// an example of a list's entry stands above the list's key.</summary>
internal static partial class ReferenceKeys
{
    public static IReadOnlySet<string> Read(IReadOnlyList<string> lines)
    {
        var keys = new HashSet<string>();
        var open = new Stack<(int Indent, string Path)>([(-1, "")]);
        for (var i = 0; i < lines.Count; i++)
        {
            if (YamlLine().Match(lines[i]) is not { Success: true } line) continue;
            var indent = line.Groups["indent"].Length + line.Groups["more"].Length;
            while (open.Peek().Indent >= indent) open.Pop();
            var path = open.Peek().Path;
            if (line.Groups["item"].Success)
            {
                path = (line.Groups["comment"].Success && KeyBelow(lines.Skip(i + 1), indent) is { } list ? Join(path, list) : path) + "[]";
                open.Push((indent, path));
                indent += 2;
            }

            var content = line.Groups["content"].Value;
            if (line.Groups["key"].Value is { Length: > 0 } key)
            {
                keys.Add(Join(path, key));
                open.Push((indent, Join(path, key)));
            }

            if (line.Groups["flow"].Success) Add(Parsed(content), path, keys);
        }

        return keys;
    }

    private static void Add(YamlNode node, string path, HashSet<string> keys)
    {
        if (node is YamlSequenceNode list)
        {
            foreach (var item in list) Add(item, path + "[]", keys);
        }

        if (node is not YamlMappingNode mapping) return;
        foreach (var (key, value) in mapping)
        {
            keys.Add(Join(path, key.ToString()));
            Add(value, Join(path, key.ToString()), keys);
        }
    }

    /// <summary>The key of the next line that is no comment, where it stands at the same depth.</summary>
    private static string? KeyBelow(IEnumerable<string> lines, int indent)
    {
        var next = lines.Select(line => YamlLine().Match(line)).FirstOrDefault(line => line.Success && !line.Groups["comment"].Success);
        return next is not null && next.Groups["indent"].Length == indent && !next.Groups["item"].Success ? next.Groups["key"].Value : null;
    }

    private static YamlNode Parsed(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return yaml.Documents[0].RootNode;
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>A key with or without a value, or an entry of a list, which is a key or a mapping in braces.</summary>
    [GeneratedRegex(
        @"^(?<indent> *)(?<comment># )?(?<more> *)(?<item>- )?(?<content>(?<flow>\{.*)|(?<key>\w+):($| (?<flow>[\[{].*)| .*))$", RegexOptions.ExplicitCapture)]
    private static partial Regex YamlLine();
}
