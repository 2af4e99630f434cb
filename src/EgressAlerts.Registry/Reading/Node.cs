using System.Globalization;
using EgressAlerts.Common;

namespace EgressAlerts.Registry;

/// <summary>A value of a YAML document, with the place where it stands. Exactly one of text, keys and items is there; a null value has none.</summary>
internal sealed class Node(int line, string path)
{
    private static readonly Node[] None = [];

    public int Line { get; } = line;

    public string Path { get; } = path;

    public string? Text { get; init; }

    public IReadOnlyDictionary<string, Node>? Keys { get; init; }

    public IReadOnlyList<Node>? Items { get; init; }

    /// <summary>Null where the key is missing or its value is null.</summary>
    public Node? Find(string key)
    {
        if (Keys is null) throw Fault("is no mapping of keys");
        return Keys.TryGetValue(key, out var found) && (found.Text ?? found.Keys ?? (object?)found.Items) is not null ? found : null;
    }

    public string TextOf(string key, string orElse = "") => Find(key) is { } found ? found.Text ?? throw found.Fault("is no text") : orElse;

    /// <param name="most">A longer list is refused.</param>
    public IReadOnlyList<Node> ListOf(string key, int most = 4096)
    {
        if (Find(key) is not { } found) return None;
        var items = found.Items ?? throw found.Fault("is no list");
        return items.Count <= most ? items : throw found.Fault($"has more than {most} items");
    }

    public IReadOnlyList<string> TextsOf(string key) => [.. ListOf(key).Select(item => item.Text ?? throw item.Fault("is no text"))];

    public IReadOnlyDictionary<string, string>? LabelsOf(string key) => Find(key) is not { } found
        ? null
        : (found.Keys ?? throw found.Fault("is no mapping of labels")).ToDictionary(label => label.Key, label => label.Value.Text ?? "");

    /// <summary>One of the members, which the file spells in upper case with underscores.</summary>
    public T MemberOf<T>(string key, T orElse, params (string Text, T Member)[] members)
        where T : struct, Enum
    {
        if (Find(key) is not { } found) return orElse;
        foreach (var (text, member) in members)
        {
            if (string.Equals(text, found.Text, StringComparison.OrdinalIgnoreCase)) return member;
        }

        throw found.Fault($"'{QuotedText.Of(found.Text ?? "", 40)}' is none of {string.Join(", ", members.Select(one => one.Text))}");
    }

    /// <param name="least">0 where 0 has a meaning of its own.</param>
    public int PortOf(int least = 1) =>
        int.TryParse(Text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port >= least && port <= 65535
            ? port
            : throw Fault($"'{QuotedText.Of(Text ?? "", 40)}' is not a port from {least} to 65535");

    public ResourceFault Fault(string reason) => new(Line, Path, reason);
}

/// <summary>Says why one resource of a file cannot be used.</summary>
internal sealed class ResourceFault(int line, string path, string reason) : Exception($"{(path.Length == 0 ? "it" : path)} {reason}")
{
    public int Line { get; } = line;
}
