using System.Text.Json;

namespace EgressAlerts.Model;

/// <summary>Spells enumerations as label values, and holds the label values that do not come from traffic.</summary>
public static class LabelValues
{
    /// <summary>The label value of an overflow: it stands for all that has no place within the budget.</summary>
    public const string Overflow = "__other__";

    /// <summary>Replaces text from the network that no label may carry.</summary>
    public const string Invalid = "_invalid_";

    /// <summary>Istio's own word for what it does not know.</summary>
    public const string Unknown = "unknown";

    /// <summary>The name of the addresses of the clouds' metadata services.</summary>
    public const string CloudMetadata = "cloud-metadata";

    /// <summary>The name of a member in lower case, its parts joined by underscores: <c>upload_bytes</c> for <see cref="Metric.UploadBytes"/>.</summary>
    public static string LabelValue<T>(this T member)
        where T : struct, Enum => Spelled<T>.Values[member];

    /// <summary>The member with this label value.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static T Parse<T>(string value)
        where T : struct, Enum => Spelled<T>.Members.TryGetValue(value, out var member)
            ? member
            : throw new FormatException($"'{value}' is none of {string.Join(", ", Spelled<T>.Members.Keys)}");

    /// <summary>The same for text that may be none.</summary>
    public static bool TryParse<T>(string value, out T member)
        where T : struct, Enum => Spelled<T>.Members.TryGetValue(value, out member);

    private static class Spelled<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Values =
            Enum.GetValues<T>().ToDictionary(member => member, member => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{member}"));

        public static readonly Dictionary<string, T> Members = Values.ToDictionary(pair => pair.Value, pair => pair.Key);
    }
}
