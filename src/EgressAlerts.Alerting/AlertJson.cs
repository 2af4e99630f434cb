using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace EgressAlerts.Alerting;

/// <summary>Writes what Alertmanager's API v2 takes: always both times, because a missing start would be taken from the end.</summary>
internal static class AlertJson
{
    public static ReadOnlyMemory<byte> Write(IEnumerable<Alert> alerts, DateTimeOffset firingUntil)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartArray();
        foreach (var alert in alerts)
        {
            var endsAt = alert.ResolvedAt ?? firingUntil;
            json.WriteStartObject();
            Pairs(json, "labels", alert.Labels);
            Pairs(json, "annotations", alert.Annotations);
            json.WriteString("startsAt", Time(alert.StartsAt));
            // A clock that stepped back must not make an alert end before it began: Alertmanager would refuse it.
            json.WriteString("endsAt", Time(endsAt < alert.StartsAt ? alert.StartsAt : endsAt));
            json.WriteString("generatorURL", alert.GeneratorUrl);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void Pairs(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> pairs)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in pairs) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
