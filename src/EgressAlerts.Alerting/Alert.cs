using System.Text.Json.Serialization;

namespace EgressAlerts.Alerting;

/// <summary>An alert and where it stands. Immutable; its labels are its identity.</summary>
/// <param name="Fingerprint">The hash of the labels, as Alertmanager computes it: 16 hexadecimal digits.</param>
/// <param name="StartsAt">The end of the window whose finding made it fire.</param>
/// <param name="ResolvedAt">The end of the window that no longer showed the finding; null while it fires.</param>
public sealed record Alert(
    string Fingerprint,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyDictionary<string, string> Annotations,
    DateTimeOffset StartsAt,
    DateTimeOffset? ResolvedAt,
    string GeneratorUrl);

/// <summary>How alerting's state lies in the database.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Alert))]
[JsonSerializable(typeof(DateTimeOffset))]
internal sealed partial class AlertingJson : JsonSerializerContext;
