using System.Collections;
using EgressAlerts.Common;

namespace EgressAlerts.Tests.Configuration;

/// <summary>Every key that the configuration has: its path, what it takes and its default, as the attributes at the options say.</summary>
internal static class KeyTable
{
    public static SortedDictionary<string, (string Takes, string Standard)> Of(object options)
    {
        var keys = new SortedDictionary<string, (string, string)>(StringComparer.Ordinal);
        Add(keys, options.GetType(), options, "", isOverride: false);
        return keys;
    }

    private static void Add(SortedDictionary<string, (string, string)> keys, Type type, object? options, string prefix, bool isOverride)
    {
        foreach (var option in Option.Of(type).Where(option => !isOverride || !option.IsSameForAll))
        {
            var path = option.Key.Length > 0 ? prefix + option.Key : prefix.TrimEnd('.');
            var value = options is null ? null : option.Property.GetValue(options);
            var inside = path.Length == 0 ? "" : path + ".";
            switch (option.Kind)
            {
                case OptionKind.Value:
                    keys.Add(path, (option.Rule!.Takes, option.Unset ?? (value is null ? "" : option.Rule.Write(value))));
                    break;
                case OptionKind.Texts:
                    var texts = (value as IEnumerable ?? Array.Empty<object>()).Cast<object>();
                    keys.Add(path, ("list of texts", string.Join(", ", texts.Select(option.Rule!.Write))));
                    break;
                case OptionKind.Pairs:
                    keys.Add(path, ("names and values", ""));
                    break;
                case OptionKind.Section:
                    Add(keys, option.Item, value ?? New(option.Item), inside, isOverride);
                    break;
                case OptionKind.Sections:
                    keys.Add(path, ("list of sections", ""));
                    Add(keys, option.Item, New(option.Item), $"{path}[].", option.IsOverrides);
                    break;
                default:
                    Add(keys, option.Item, New(option.Item), $"{path}.NAME.", isOverride: false);
                    break;
            }
        }
    }

    /// <summary>A record with its defaults; null where it needs values from its creator.</summary>
    private static object? New(Type type) => type.GetConstructor([]) is { } constructor ? constructor.Invoke(null) : null;
}
