using System.Collections;
using System.Reflection;
using YamlDotNet.RepresentationModel;

namespace EgressAlerts.Common;

/// <summary>Reads YAML into records of options, strictly. Unknown keys, wrong types and values that are not allowed are errors with file, line and key.
/// All errors of a file are told at once. One thread, one file.</summary>
/// <param name="needsSecretFiles">Whether a secret file that does not exist is an error.</param>
public sealed class OptionsBinder(string file, bool needsSecretFiles = false)
{
    private readonly List<ConfigError> _errors = [];
    private readonly List<Section> _sections = [];
    private readonly HashSet<string> _faulty = [];

    /// <summary>The errors that were found so far, by line.</summary>
    public IReadOnlyList<ConfigError> Errors => [.. _errors.OrderBy(error => error.Line)];

    /// <summary>Reads the whole file.</summary>
    /// <param name="defaults">The values of all keys that the file leaves out. The record itself is not changed.</param>
    /// <exception cref="ConfigException">The file cannot be read or holds errors.</exception>
    public T Read<T>(T defaults)
        where T : class
    {
        var root = YamlFile.Read(file) switch
        {
            null => [],
            YamlMappingNode mapping => mapping,
            { } other => throw new ConfigException([new(file, other.Start.Line, "a configuration begins with sections such as 'prometheus:'")]),
        };
        var bound = Read(root, defaults, "");
        return _errors.Count == 0 ? bound : throw new ConfigException(Errors);
    }

    /// <summary>Reads one section. Errors are added to <see cref="Errors"/>.</summary>
    /// <param name="path">The section's name in errors.</param>
    public T Read<T>(YamlMappingNode node, T defaults, string path)
        where T : class
    {
        var bound = Bind(defaults, Add(new(node, node, path)), isOverride: false);
        foreach (var section in _sections) RefuseUnknown(section);
        _sections.Clear();
        return (T)bound;
    }

    private object Bind(object defaults, Section section, bool isOverride)
    {
        var bound = defaults.GetType().GetMethod("<Clone>$")!.Invoke(defaults, null)!; // What the compiler calls the "with" of a record.
        foreach (var option in Option.Of(bound.GetType()).Where(option => !isOverride || !option.IsSameForAll))
        {
            var (holder, key) = Find(section, option.Key);
            var before = option.Property.GetValue(bound);
            option.Property.SetValue(bound, option.Kind switch
            {
                OptionKind.Value => Value(holder, key, option, before),
                OptionKind.Section => Bind(before!, key.Length > 0 ? Enter(holder, key) : holder, isOverride),
                OptionKind.Texts => Texts(holder, key, option, before),
                OptionKind.Sections => Sections(holder, key, option, before, bound),
                _ when Enter(holder, key) is { Node: null } => before,
                OptionKind.Pairs => Pairs(Enter(holder, key), option),
                _ => NamedSections(Enter(holder, key), option),
            });
        }

        if (bound is ICheckedOptions options) Check(options, section);
        return bound;
    }

    private void Check(ICheckedOptions options, Section section)
    {
        bool IsGiven(string path) => Find(section, path) is var (holder, key) && holder.Find(key) is not null;

        var faults = options.Faults(IsGiven).Where(fault => !_faulty.Contains(section.PathOf(fault.Key))).ToList();
        foreach (var (path, complaint) in faults)
        {
            var (holder, key) = Find(section, path);
            _errors.Add(new(file, (holder.Find(key) ?? holder.At).Start.Line, $"{section.PathOf(path)} {complaint}"));
        }
    }

    private object? Value(Section holder, string key, Option option, object? before)
    {
        var text = Scalar(holder, key);
        if (option.Required is { } required && (holder.Find(key) is null || text is { Length: 0 })) Missing(holder, key, required, option.Rule!);
        if (text is null || (text.Length == 0 && (option.Required is not null || (before is null && option.Item == typeof(Uri))))) return before;
        return Parse(holder, key, holder.Find(key)!, text, option) ?? before;
    }

    private IList Texts(Section holder, string key, Option option, object? before)
    {
        if (holder.Find(key) is null && option.Required is null) return (IList)before!;
        var items = Items(holder, key);
        if (option.Required is { } required && items.Count == 0 && holder.Find(key) is null or YamlSequenceNode) Missing(holder, key, required, option.Rule!);
        var values = NewList(option.Item);
        foreach (var item in items)
        {
            if (item is not YamlScalarNode { Value: { Length: > 0 } text }) Wrong(holder, key, item, "holds an entry that is not a text");
            else if (Parse(holder, key, item, text, option) is { } value) values.Add(value);
        }

        return values;
    }

    private IList Sections(Section holder, string key, Option option, object? before, object parent)
    {
        if (holder.Find(key) is null) return (IList)before!;
        var entries = NewList(option.Item);
        foreach (var (i, item) in Items(holder, key).Index())
        {
            var path = FormattableString.Invariant($"{key}[{i}]");
            if (item is not YamlMappingNode) Wrong(holder, path, item, "is not a section of keys");
            var entry = Add(new(item as YamlMappingNode, item, holder.PathOf(path)));
            holder.Entries[path] = entry;
            entries.Add(Bind(New(option.Item, option.IsOverrides ? parent : null), entry, option.IsOverrides));
        }

        return entries;
    }

    private SortedDictionary<string, string> Pairs(Section section, Option option) =>
        new(Named(section, option).ToDictionary(name => name, name => Scalar(section, name) ?? ""), StringComparer.Ordinal);

    private IDictionary NamedSections(Section section, Option option)
    {
        var sections = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), option.Item))!;
        foreach (var name in Named(section, option)) sections.Add(name, Bind(New(option.Item, null), Enter(section, name), isOverride: false));
        return sections;
    }

    private List<string> Named(Section section, Option option)
    {
        var names = (section.Node?.Children.Keys ?? []).OfType<YamlScalarNode>().Select(name => name.Value ?? "").ToList();
        foreach (var name in names.Where(name => option.Rule?.Parse(name) is null)) Wrong(section, name, section.Find(name)!, option.Rule!.Complaint);
        section.Keys.UnionWith(names);
        return names;
    }

    private object? Parse(Section holder, string key, YamlNode node, string text, Option option)
    {
        var rule = option.Rule!;
        if (rule is SecretFileAttribute && !needsSecretFiles) return text;
        if (rule.Parse(text) is { } value) return option.Item.IsEnum ? Member(option.Item, (string)value) : value;
        Wrong(holder, key, node, rule.Quote(text) is { } quoted ? $"'{quoted}' {rule.ComplaintAbout(text)}" : rule.Complaint);
        return null;
    }

    private static object Member(Type type, string word) => Enum.Parse(type, word.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    private void Missing(Section holder, string key, RequiredAttribute required, ValueAttribute rule) =>
        Wrong(holder, key, holder.Find(key) ?? holder.At, required.Complaint.Length > 0 ? required.Complaint : $"is missing or {rule.Complaint}");

    /// <summary>Follows a path of keys to the section that holds the last one.</summary>
    private (Section Holder, string Key) Find(Section section, string path)
    {
        var keys = path.Split('.');
        foreach (var key in keys[..^1]) section = section.Entries.TryGetValue(key, out var entry) ? entry : Enter(section, key);
        section.Keys.Add(keys[^1]);
        return (section, keys[^1]);
    }

    private Section Enter(Section section, string key)
    {
        section.Keys.Add(key);
        if (section.Inner.TryGetValue(key, out var known)) return known;
        var node = section.Find(key);
        if (node is not (null or YamlMappingNode or YamlScalarNode { Value: null or "" })) Wrong(section, key, node, "is not a section of keys");
        return section.Inner[key] = Add(new(node as YamlMappingNode, node ?? section.At, section.PathOf(key)));
    }

    private Section Add(Section section)
    {
        _sections.Add(section);
        return section;
    }

    private string? Scalar(Section holder, string key)
    {
        var node = holder.Find(key);
        if (node is not (null or YamlScalarNode)) Wrong(holder, key, node, "is not a single value");
        return (node as YamlScalarNode)?.Value;
    }

    private IList<YamlNode> Items(Section holder, string key)
    {
        var node = holder.Find(key);
        if (node is not (null or YamlSequenceNode)) Wrong(holder, key, node, "is not a list");
        return (node as YamlSequenceNode)?.Children ?? [];
    }

    private void Wrong(Section holder, string key, YamlNode at, string complaint)
    {
        _faulty.Add(holder.PathOf(key));
        _errors.Add(new(file, at.Start.Line, $"{holder.PathOf(key)} {complaint}"));
    }

    private void RefuseUnknown(Section section)
    {
        foreach (var name in section.Node?.Children.Keys ?? [])
        {
            if (name is YamlScalarNode { Value: { } key } && section.Keys.Contains(key)) continue;
            var known = section.Keys.Where(key => key.Length > 0 && !key.Contains('[', StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            _errors.Add(new(file, name.Start.Line, $"{section.PathOf(name.ToString())} is not a known key; known here: {string.Join(", ", known)}"));
        }
    }

    private static IList NewList(Type item) => (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(item))!;

    /// <summary>A record with its own defaults. A parameter of the parent's type gets the parent, others what stands for nothing.</summary>
    internal static object New(Type type, object? parent)
    {
        var constructor = type.GetConstructors().MinBy(constructor => constructor.GetParameters().Length)!;
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter => parameter.ParameterType switch
        {
            var of when of == parent?.GetType() => parent,
            var of when of == typeof(string) => "",
            { IsInterface: true } of => NewList(of.GetGenericArguments()[0]),
            { IsValueType: true } of => Activator.CreateInstance(of),
            var of => New(of, null),
        })]);
    }

    /// <summary>A mapping of the file, or the place where one could be.</summary>
    /// <param name="Node">Null where the file has none.</param>
    /// <param name="At">The nearest node that the file has, for the line of errors.</param>
    private sealed record Section(YamlMappingNode? Node, YamlNode At, string Path)
    {
        /// <summary>The keys that some option has.</summary>
        public HashSet<string> Keys { get; } = [];

        public Dictionary<string, Section> Inner { get; } = [];

        /// <summary>The entries of lists, by names such as <c>networks[0]</c>.</summary>
        public Dictionary<string, Section> Entries { get; } = [];

        public YamlNode? Find(string key) => Node is not null && Node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

        public string PathOf(string key) => Path.Length == 0 ? key : key.Length == 0 ? Path : $"{Path}.{key}";
    }
}
