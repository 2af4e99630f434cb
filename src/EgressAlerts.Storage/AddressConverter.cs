using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EgressAlerts.Storage;

/// <summary>Stores an IP address in JSON as text, such as <c>"192.0.2.1"</c>.</summary>
public sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? address : throw new JsonException("it is not an address");

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue($"{value}");
}
