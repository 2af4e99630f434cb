using System.Text.Json;

namespace EgressAlerts.Polling;

/// <summary>Reads a label set from its JSON object.</summary>
internal static class LabelReader
{
    public static Dictionary<string, string> Read(ReadOnlySpan<byte> json)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            labels[name] = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException($"the label {name} is not a text");
        }

        return labels;
    }
}
