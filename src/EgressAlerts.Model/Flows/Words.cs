using System.Text.Json;

namespace EgressAlerts.Model;

/// <summary>How the enumerations are spelled in labels, and the label values that are ours and not traffic's.</summary>
public static class Words
{
    /// <summary>The destination, workload or code that stands for all that did not get a place within the budget.</summary>
    public const string Other = "__other__";

    /// <summary>Replaces text from the network that no label may carry.</summary>
    public const string Invalid = "_invalid_";

    /// <summary>Istio's own word for what it does not know.</summary>
    public const string Unknown = "unknown";

    /// <summary>What the addresses of the clouds' metadata services are called.</summary>
    public const string CloudMetadata = "cloud-metadata";

    /// <summary>The name of a member in lower case, its parts joined by underscores: <c>upload_bytes</c> for <see cref="Metric.UploadBytes"/>.</summary>
    public static string Word<T>(this T member)
        where T : struct, Enum => Spelled<T>.Words[member];

    /// <summary>The member whose word this is.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static T Member<T>(string word)
        where T : struct, Enum => Spelled<T>.Members.TryGetValue(word, out var member) ? member : throw new FormatException($"'{word}' is none of {string.Join(", ", Spelled<T>.Members.Keys)}");

    private static class Spelled<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Words =
            Enum.GetValues<T>().ToDictionary(member => member, member => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{member}"));

        public static readonly Dictionary<string, T> Members = Words.ToDictionary(word => word.Value, word => word.Key);
    }
}
