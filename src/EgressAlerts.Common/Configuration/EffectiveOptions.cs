using System.Collections;

namespace EgressAlerts.Common;

/// <summary>A key of the configuration and the value that holds for it.</summary>
/// <param name="Key">The path of the key, as errors name it, such as <c>dns.cache.max_ttl</c> or <c>policies[0].name</c>.</param>
/// <param name="Value">The value as users write it. A secret is <see cref="EffectiveOptions.Secret"/>.</param>
/// <param name="IsDefault">Whether the value is the one that holds where the configuration says nothing.</param>
public sealed record EffectiveOption(string Key, string Value, bool IsDefault);

/// <summary>Lists the keys of options with the values that hold, secrets hidden. Any thread.</summary>
public static class EffectiveOptions
{
    /// <summary>Stands for a value that may be a secret, as in Prometheus.</summary>
    public const string Secret = "<secret>";

    /// <param name="options">A record of options.</param>
    /// <param name="defaults">The same record as it is without a configuration.</param>
    /// <param name="path">The path of its section; empty for the whole configuration.</param>
    public static IReadOnlyList<EffectiveOption> List(object options, object defaults, string path = "")
    {
        var listed = new List<EffectiveOption>();
        Add(listed, options, defaults, Inside(path), isOverride: false);
        return listed;
    }

    private static void Add(List<EffectiveOption> listed, object options, object? defaults, string prefix, bool isOverride)
    {
        foreach (var option in Option.Of(options.GetType()).Where(option => !isOverride || !option.IsSameForAll))
        {
            var path = option.Key.Length > 0 ? prefix + option.Key : prefix.TrimEnd('.');
            var (value, standard) = (option.Property.GetValue(options), defaults is null ? null : option.Property.GetValue(defaults));
            switch (option.Kind)
            {
                case OptionKind.Value: listed.Add(Single(path, option, value, standard)); break;
                case OptionKind.Texts: listed.Add(Texts(path, option.Rule!, Items(value), Items(standard))); break;
                case OptionKind.Pairs: AddPairs(listed, path, option.Rule, (IReadOnlyDictionary<string, string>)value!); break;
                case OptionKind.Section when value is not null: Add(listed, value, standard, Inside(path), isOverride); break;
                case OptionKind.Sections: AddSections(listed, path, option, Items(value), Items(standard), options); break;
                case OptionKind.NamedSections: AddNamed(listed, path, option, (IDictionary)value!); break;
                default: break;
            }
        }
    }

    private static string Inside(string path) => path.Length == 0 ? "" : path + ".";

    private static EffectiveOption Single(string path, Option option, object? value, object? standard)
    {
        var text = Written(option, value);
        var isDefault = text == Written(option, standard);
        return new(path, isDefault ? text : Shown(option.Rule!, text), isDefault);
    }

    private static EffectiveOption Texts(string path, ValueAttribute rule, List<object> values, List<object> standard)
    {
        var texts = values.ConvertAll(rule.Write);
        return new(path, $"[{string.Join(", ", texts.Select(text => Shown(rule, text)))}]", texts.SequenceEqual(standard.Select(rule.Write)));
    }

    private static void AddPairs(List<EffectiveOption> listed, string path, ValueAttribute? rule, IReadOnlyDictionary<string, string> pairs)
    {
        if (pairs.Count == 0) listed.Add(new(path, "{}", IsDefault: true));
        listed.AddRange(pairs.Select(pair => new EffectiveOption($"{path}.{pair.Key}", rule is null ? pair.Value : Shown(rule, pair.Value), IsDefault: false)));
    }

    private static void AddSections(
        List<EffectiveOption> listed, string path, Option option, List<object> entries, List<object> standard, object parent)
    {
        if (entries.Count == 0) listed.Add(new(path, "[]", IsDefault: true));
        foreach (var (i, entry) in entries.Index())
        {
            var inside = new List<EffectiveOption>();
            var defaults = i < standard.Count ? standard[i] : OptionsBinder.New(option.Item, option.IsOverrides ? parent : null);
            Add(inside, entry, defaults, FormattableString.Invariant($"{path}[{i}]."), option.IsOverrides);
            // An override has the keys of all detectors. Only those that it changes are of interest.
            listed.AddRange(inside.Where(one => !option.IsOverrides || !one.IsDefault));
        }
    }

    private static void AddNamed(List<EffectiveOption> listed, string path, Option option, IDictionary sections)
    {
        if (sections.Count == 0) listed.Add(new(path, "{}", IsDefault: true));
        foreach (DictionaryEntry section in sections)
            Add(listed, section.Value!, OptionsBinder.New(option.Item, null), $"{path}.{section.Key}.", isOverride: false);
    }

    private static List<object> Items(object? list) => [.. (list as IEnumerable ?? Array.Empty<object>()).Cast<object>()];

    private static string Written(Option option, object? value) => value is null ? option.Unset ?? "" : option.Rule!.Write(value);

    /// <summary>What errors do not quote is not shown either.</summary>
    private static string Shown(ValueAttribute rule, string text) => text.Length > 0 ? rule.Quote(text) ?? Secret : "";
}
