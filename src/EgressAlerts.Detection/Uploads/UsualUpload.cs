using System.Text.Json;

namespace EgressAlerts.Detection;

/// <summary>What a workload usually sends out in an hour, in bytes.</summary>
/// <param name="Median">Of the same hour in earlier weeks.</param>
/// <param name="Limit">More than this is a finding.</param>
/// <param name="Hours">How many earlier hours say so.</param>
public sealed record UsualUpload(double Median, double Limit, int Hours)
{
    /// <summary>Reads what the database holds of a workload.</summary>
    /// <param name="state">A row's state in the table <c>upload</c>.</param>
    /// <returns>Null where too little is known, or where the state cannot be read.</returns>
    public static UsualUpload? Read(string state, UploadSpikeOptions options, DateTimeOffset now)
    {
        try
        {
            var group = JsonSerializer.Deserialize(state, DetectionJson.Default.UploadGroup);
            return group?.Hourly.Expected(EgressAlerts.Detection.Hours.Of(now), options.Floor, options.Deviations) is { } usual
                ? new(usual.Median, usual.Limit, usual.Hours)
                : null;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }
}
