namespace EgressAlerts.Model;

/// <summary>Which of the labels and path prefixes that policies name a series has, in the order in which policies name them.</summary>
/// <remarks>Nothing else is kept. So there are few different sets, whatever clients write.</remarks>
public readonly record struct PolicyTags
{
    /// <summary>The name of a tag that is a path prefix. No label has a colon in its name.</summary>
    public const string Path = ":path";

    private readonly (string Name, string Value)[]? _tags;

    private PolicyTags((string Name, string Value)[] tags) => _tags = tags.Length == 0 ? null : tags;

    private ReadOnlySpan<(string Name, string Value)> Tags => _tags;

    public static PolicyTags Of(params IEnumerable<(string Name, string Value)> tags) => new([.. tags]);

    /// <summary>Reads what <see cref="ToString"/> wrote, which the database holds.</summary>
    public static PolicyTags Parse(string text) => text.Length == 0 ? default : new(Array.ConvertAll(text[1..^1].Split("\n\n"), line =>
    {
        var end = line.IndexOf('=', StringComparison.Ordinal);
        return end < 0 ? (line, "") : (line[..end], line[(end + 1)..]);
    }));

    public bool Has(string name, string value) => Tags.Contains((name, value));

    public bool Equals(PolicyTags other) => Tags.SequenceEqual(other.Tags);

    public override int GetHashCode() => _tags is null ? 0 : HashCode.Combine(_tags.Length, _tags[0]);

    /// <summary>Each tag as a line between line feeds.</summary>
    public override string ToString() => _tags is null ? "" : string.Concat(_tags.Select(tag => $"\n{tag.Name}={tag.Value}\n"));
}
