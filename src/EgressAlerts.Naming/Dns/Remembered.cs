using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming.Dns;

/// <summary>An answer of DNS, or that there was none. Times are in seconds since 1970, enough until 2106.</summary>
/// <param name="GoodUntil">From then on the answer is not used any more.</param>
internal sealed record Remembered<TAnswer>(TAnswer Answer, uint GoodUntil)
{
    public uint AskAgain { get; set; }

    /// <summary>Within an hour.</summary>
    public uint LastUsed { get; set; }

    /// <summary>How often in a row nobody answered.</summary>
    [JsonIgnore]
    public byte Failures { get; init; }
}

/// <summary>How answers lie in the database.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(AddressNumberConverter)])]
[JsonSerializable(typeof(Remembered<ReverseAnswer>))]
[JsonSerializable(typeof(Remembered<ForwardAnswer>))]
internal sealed partial class DnsJson : JsonSerializerContext;

/// <summary>An address, which is a number in memory, as the text that people write.</summary>
internal sealed class AddressNumberConverter : JsonConverter<UInt128>
{
    public override UInt128 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IPAddress.TryParse(reader.GetString(), out var address) ? AddressNumber.Of(address) : throw new JsonException("it is not an address");

    public override void Write(Utf8JsonWriter writer, UInt128 value, JsonSerializerOptions options) =>
        writer.WriteStringValue($"{AddressNumber.ToAddress(value)}");
}
