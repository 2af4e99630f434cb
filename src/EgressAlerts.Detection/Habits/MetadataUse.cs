using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>How often a workload that may ask the metadata service does: in this hour, and in the largest hour of each of the last 28 days.</summary>
internal sealed class MetadataUse
{
    private const int LeastDays = 7;
    private const int MostDays = 28;
    private const double Floor = 20;
    private const double TimesLargest = 10;

    /// <summary>The hour that goes on, counted from the epoch; 0 before the first.</summary>
    public long Hour { get; set; }

    /// <summary>How often in this hour.</summary>
    public double Count { get; set; }

    /// <summary>The largest hour of this day that is over.</summary>
    public double Today { get; set; }

    /// <summary>The largest hour of each day before, the latest last.</summary>
    public List<double> Days { get; init; } = [];

    /// <summary>More often than this is not usual; null while it has not been watched for a week.</summary>
    [JsonIgnore]
    public double? Limit => Days.Count < LeastDays ? null : Math.Max(Floor, TimesLargest * Days.Max());

    public void Add(long hour, double count)
    {
        if (Hour == 0) Hour = hour;
        for (; Hour < hour; Hour++)
        {
            // An hour that was too much does not make ten times as much usual.
            Today = Math.Max(Today, Count > Limit ? Limit.Value / TimesLargest : Count);
            Count = 0;
            if ((Hour + 1) % 24 != 0) continue;
            Days.Add(Today);
            if (Days.Count > MostDays) Days.RemoveAt(0);
            Today = 0;
        }

        Count += count;
    }
}
