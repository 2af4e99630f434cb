using System.Globalization;
using System.Net;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Configuration;

/// <summary>One mapping of the YAML file. Every key that is asked for is known; <see cref="Done"/> refuses the others.</summary>
internal sealed class ConfigSection(ConfigSource source, string path, YamlMappingNode node)
{
    private readonly HashSet<string> _known = [];

    public bool Has(string key) => Node(key) is not null;

    public ConfigSection Section(string key)
    {
        var value = Node(key, "section");
        return new ConfigSection(source, Path(key), value switch
        {
            null => [],
            YamlMappingNode mapping => mapping,
            YamlScalarNode { Value: null or "" } => [],
            _ => Wrong(value, key, "is not a section of keys", new YamlMappingNode()),
        });
    }

    public IReadOnlyList<ConfigSection> Sections(string key)
    {
        var items = Items(key, "list of sections", "");
        return
        [
            .. items.Select((item, i) => new ConfigSection(
                source,
                $"{Path(key)}[{i}]",
                item as YamlMappingNode ?? Wrong(item, $"{key}[{i}]", "is not a section of keys", new YamlMappingNode()))),
        ];
    }

    public string Text(string key, string fallback) => Scalar(key, "text", fallback) ?? fallback;

    public string OneOf(string key, string fallback, params string[] allowed) =>
        Value(key, fallback, text => allowed.Contains(text) ? text : null, $"is none of {string.Join(", ", allowed)}", string.Join(", ", allowed), fallback);

    public bool Flag(string key, bool fallback) =>
        Value<bool?>(key, fallback, text => text switch { "true" => true, "false" => false, _ => null }, "is neither true nor false", "true, false", fallback ? "true" : "false")!.Value;

    public int Number(string key, int fallback, int least, int most) => Value<int?>(
        key,
        fallback,
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number : null,
        $"is not a whole number from {least} to {most}",
        $"{least} to {most}",
        fallback.ToString(CultureInfo.InvariantCulture))!.Value;

    public TimeSpan Duration(string key, TimeSpan fallback, TimeSpan least, TimeSpan most) => Value<TimeSpan?>(
        key,
        fallback,
        text => Units.Duration(text) is { } length && length >= least && length <= most ? length : null,
        $"is not a duration from {Units.Text(least)} to {Units.Text(most)}, such as 30s or 1h30m",
        $"{Units.Text(least)} to {Units.Text(most)}",
        Units.Text(fallback))!.Value;

    public long Bytes(string key, long fallback, long least, long most) => Value<long?>(
        key,
        fallback,
        text => Units.Bytes(text) is { } bytes && bytes >= least && bytes <= most ? bytes : null,
        $"is not a size from {Units.Size(least)} to {Units.Size(most)}, such as 512MiB",
        $"{Units.Size(least)} to {Units.Size(most)}",
        Units.Size(fallback))!.Value;

    public Uri? Url(string key, Uri? fallback) => Value(
        key,
        fallback,
        text => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null,
        "is not an absolute http or https URL",
        "URL",
        fallback?.OriginalString ?? "",
        HttpText.Printable);

    /// <summary>The path of a file that may come later, such as a secret that is mounted. Only <c>check-config</c> insists that it is there.</summary>
    public string SecretFile(string key)
    {
        var file = Text(key, "");
        if (source.NeedsSecretFiles && file.Length > 0 && !File.Exists(file)) Error(key, $"'{file}' does not exist");
        return file;
    }

    public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> fallback, Func<string, bool>? isGood = null, string complaint = "")
    {
        var items = Items(key, "list of texts", string.Join(", ", fallback));
        if (!Has(key)) return fallback;
        var texts = new List<string>();
        foreach (var item in items)
        {
            if (item is not YamlScalarNode { Value: { Length: > 0 } text }) Wrong(item, key, "holds an entry that is not a text", 0);
            else if (isGood is not null && !isGood(text)) Wrong(item, key, $"'{text}' {complaint}", 0);
            else texts.Add(text);
        }

        return texts;
    }

    public IReadOnlyList<IPNetwork> Cidrs(string key) =>
        [.. Texts(key, [], text => Cidr(text) is not null, "is not a network such as 10.20.0.0/16 (bits behind the prefix must be zero)").Select(text => Cidr(text)!.Value)];

    public IReadOnlyDictionary<string, string> Pairs(string key, Func<string, bool> isName, string complaint)
    {
        var section = Section(key);
        source.Know(Path(key), "names and values", "");
        var pairs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in section.Keys)
        {
            if (!isName(name)) section.Error(name, complaint);
            pairs[name] = section.Text(name, "");
        }

        return pairs;
    }

    public IEnumerable<string> Keys => node.Children.Keys.OfType<YamlScalarNode>().Select(name => name.Value ?? "");

    /// <summary>Says that a key's value cannot be used.</summary>
    public void Error(string key, string complaint) => Wrong(Node(key) ?? node, key, complaint, 0);

    /// <summary>Refuses keys that nobody asked for.</summary>
    public void Done()
    {
        foreach (var name in node.Children.Keys)
        {
            if (name is YamlScalarNode { Value: { } key } && _known.Contains(key)) continue;
            source.Errors.Add(new(source.File, name.Start.Line, $"{Path(name.ToString())} is not a known key; known here: {string.Join(", ", _known.Order(StringComparer.Ordinal))}"));
        }
    }

    /// <summary>A network as it is written, where one of IPv4 that is mapped into IPv6 is taken for the network of IPv4. Null where the text is none.</summary>
    /// <remarks>The parser of the platform takes 10.1.0.0/8 for 10.0.0.0/8. That is refused here: whoever writes it may have meant something else.</remarks>
    internal static IPNetwork? Cidr(string text)
    {
        if (!IPNetwork.TryParse(text, out var network)) return null;
        if (!IPAddress.TryParse(text[..text.IndexOf('/', StringComparison.Ordinal)], out var address) || !address.Equals(network.BaseAddress)) return null;
        // A base address is only mapped where the prefix has the 96 bits that say so.
        return address.IsIPv4MappedToIPv6 ? new IPNetwork(address.MapToIPv4(), network.PrefixLength - 96) : network;
    }

    private string Path(string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <param name="takes">What a value of the key is, where it is said here and not by whoever asked first.</param>
    private YamlNode? Node(string key, string? takes = null, string standard = "")
    {
        _known.Add(key);
        source.Know(Path(key), takes, standard);
        return node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
    }

    private string? Scalar(string key, string takes, string standard) => Node(key, takes, standard) switch
    {
        null => null,
        YamlScalarNode { Value: { } text } => text,
        { } other => Wrong<string?>(other, key, "is not a single value", null),
    };

    private T Value<T>(string key, T fallback, Func<string, T?> parse, string complaint, string takes, string standard, Func<string, string>? shown = null)
    {
        if (Scalar(key, takes, standard) is not { } text) return fallback;
        return parse(text) is { } value ? value : Wrong(Node(key)!, key, $"'{shown?.Invoke(text) ?? text}' {complaint}", fallback);
    }

    private IEnumerable<YamlNode> Items(string key, string takes, string standard) => Node(key, takes, standard) switch
    {
        null => [],
        YamlSequenceNode sequence => sequence.Children,
        { } other => Wrong<IEnumerable<YamlNode>>(other, key, "is not a list", []),
    };

    private T Wrong<T>(YamlNode at, string key, string complaint, T instead)
    {
        source.Errors.Add(new(source.File, at.Start.Line, $"{Path(key)} {complaint}"));
        return instead;
    }
}

/// <summary>What reading one file collects.</summary>
internal sealed record ConfigSource(string File)
{
    public List<ConfigError> Errors { get; } = [];

    /// <summary>Whether a secret file that does not exist is an error. The service starts without it and waits for it.</summary>
    public bool NeedsSecretFiles { get; init; }

    /// <summary>Every key that the code asked for: its path, what it takes and its default, for the test that holds the documents to it.</summary>
    public Dictionary<string, (string Takes, string Standard)> Known { get; } = [];

    public void Know(string path, string? takes, string standard)
    {
        if (takes is not null) Known[path] = (takes, standard);
        else Known.TryAdd(path, ("", ""));
    }
}
