using System.Text.Json;

namespace EgressAlerts.Registry;

/// <summary>Reads what the Kubernetes API wraps around resources. Nothing in it is trusted.</summary>
internal static class ClusterJson
{
    /// <summary>Deep enough for a list that holds one resource nested too deep: that one alone is to be refused.</summary>
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = 1024 };

    private const int MaxToken = 4096;

    /// <summary>The member of an object; the default value where there is none.</summary>
    public static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) ? member : default;

    /// <summary>Empty where there is no such text.</summary>
    public static string Text(JsonElement json, string name)
    {
        try
        {
            return Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";
        }
        catch (InvalidOperationException)
        {
            return ""; // Half of a surrogate pair.
        }
    }

    /// <summary>The version of a resource, an event or a list. It is opaque and goes back to the server.</summary>
    /// <exception cref="WatchFault">There is none.</exception>
    public static string Version(JsonElement json) =>
        Token(json, "resourceVersion") is { Length: > 0 } version ? version : throw new WatchFault(WatchEnd.BadAnswer, "The Kubernetes API names no version.");

    /// <summary>Where the next page of a list begins; empty for the last one.</summary>
    public static string Next(JsonElement json) => Token(json, "continue");

    public static bool TryParse(ReadOnlyMemory<byte> text, out JsonElement json)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            json = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            json = default;
            return false;
        }
    }

    private static string Token(JsonElement json, string name) =>
        Text(Member(json, "metadata"), name) is var text && text.Length <= MaxToken
            ? text
            : throw new WatchFault(WatchEnd.BadAnswer, $"The Kubernetes API sends a '{name}' of more than {MaxToken} characters.");
}
