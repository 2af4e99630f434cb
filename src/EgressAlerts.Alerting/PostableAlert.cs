using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EgressAlerts.Alerting;

/// <summary>An alert as Alertmanager's API v2 takes it. It always has both times, because Alertmanager would take a missing start from the end.</summary>
internal sealed record PostableAlert(
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    string StartsAt,
    string EndsAt,
    [property: JsonPropertyName("generatorURL")] string GeneratorUrl)
{
    /// <param name="firingUntil">When Alertmanager ends the alert if it hears nothing more of it.</param>
    public static PostableAlert Of(Alert alert, DateTimeOffset firingUntil)
    {
        var endsAt = alert.ResolvedAt ?? firingUntil;
        // A clock that stepped back must not make an alert end before it began: Alertmanager would refuse it.
        if (endsAt < alert.StartsAt) endsAt = alert.StartsAt;
        return new(alert.Labels, alert.Annotations, Time(alert.StartsAt), Time(endsAt), alert.GeneratorUrl);
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Serializes alerts without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PostableAlert[]))]
internal sealed partial class PostableAlertJson : JsonSerializerContext;
