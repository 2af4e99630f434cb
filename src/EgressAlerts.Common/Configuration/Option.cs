using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace EgressAlerts.Common;

/// <summary>What a key holds.</summary>
internal enum OptionKind
{
    Value,
    Section,
    Texts,
    Sections,

    /// <summary>Names of the user's choice, each with a text.</summary>
    Pairs,

    /// <summary>Names of the user's choice, each with a section.</summary>
    NamedSections,
}

/// <summary>A property of an options record that a key of the configuration sets.</summary>
/// <param name="Key">The path of the key from the record's section.</param>
/// <param name="Rule">What texts the key may have, or names in <see cref="OptionKind.Pairs"/>; null for sections.</param>
/// <param name="Item">The type of a value, of a list's entries or of a dictionary's values.</param>
internal sealed record Option(PropertyInfo Property, string Key, OptionKind Kind, ValueAttribute? Rule, Type Item)
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Option>> Known = [];

    public RequiredAttribute? Required { get; } = Property.GetCustomAttribute<RequiredAttribute>();

    public string? Unset { get; } = Property.GetCustomAttribute<UnsetAttribute>()?.Text;

    public bool IsOverrides { get; } = Property.IsDefined(typeof(OverridesAttribute));

    public bool IsSameForAll { get; } = Property.IsDefined(typeof(SameForAllAttribute));

    /// <summary>The options of a record, overrides last, because their entries begin with the values of the others.</summary>
    public static IReadOnlyList<Option> Of(Type type) => Known.GetOrAdd(
        type,
        _ =>
        [
            .. type.GetProperties().Where(property => property.CanWrite && !property.IsDefined(typeof(NoKeyAttribute)))
                .Select(Of).OrderBy(option => option.IsOverrides),
        ]);

    private static Option Of(PropertyInfo property)
    {
        var key = property.GetCustomAttribute<KeyAttribute>()?.Path ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
        var type = property.PropertyType;
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        var (isList, isDictionary) = (generic == typeof(IReadOnlyList<>), generic == typeof(IReadOnlyDictionary<,>));
        var item = isList || isDictionary ? type.GetGenericArguments()[^1] : Nullable.GetUnderlyingType(type) ?? type;
        var own = property.GetCustomAttribute<ValueAttribute>();
        if (isDictionary) return new(property, key, StandardRule(item) is null ? OptionKind.NamedSections : OptionKind.Pairs, own, item);
        return (own ?? StandardRule(item)) is { } rule
            ? new(property, key, isList ? OptionKind.Texts : OptionKind.Value, rule, item)
            : new(property, key, isList ? OptionKind.Sections : OptionKind.Section, null, item);
    }

    private static ValueAttribute? StandardRule(Type type) =>
        type == typeof(string) ? new TextAttribute()
        : type == typeof(bool) ? new FlagAttribute()
        : type == typeof(Uri) ? new UrlAttribute()
        : type.IsEnum ? new OneOfAttribute([.. Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)])
        : null;
}
