using System.Text.Json;
using System.Text.Json.Serialization;

namespace EgressAlerts.Polling;

/// <summary>Writes label sets as servers send them.</summary>
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class LabelJson : JsonSerializerContext
{
    public static byte[] Write(SortedDictionary<string, string> labels) => JsonSerializer.SerializeToUtf8Bytes(labels, Default.SortedDictionaryStringString);
}
