using System.Text.Json;

namespace EgressAlerts.Polling;

/// <summary>What a server says of itself on one of its pages.</summary>
/// <param name="Status">The HTTP status; 0 where no answer came.</param>
/// <param name="Text">The body. Empty where there is none, or where it is too large.</param>
/// <param name="At">What the server's clock showed, in whole seconds; null where it does not say.</param>
/// <param name="IsVictoriaMetrics">Whether it has the header that VictoriaMetrics alone sends.</param>
/// <param name="Failure">Why there is no answer; empty where there is one, whatever its status.</param>
public sealed record ServerPage(int Status, string Text, DateTimeOffset? At, bool IsVictoriaMetrics, string Failure)
{
    public bool IsGood => Status is >= 200 and < 300;

    public static ServerPage Failed(string why) => new(0, "", null, false, why);

    /// <summary>The part <c>data</c> of an answer of the API. Null where the page is no such answer.</summary>
    public JsonElement? Data()
    {
        if (!IsGood) return null;
        try
        {
            using var json = JsonDocument.Parse(Text);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("data", out var data) ? data.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text of an object of the API; empty where there is none.</summary>
    public static string TextOf(JsonElement? data, string name) =>
        data is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
