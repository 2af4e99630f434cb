namespace EgressAlerts.Detection;

/// <summary>How often an allowed workload asks the metadata service: in this hour, and in the largest hour of each of the last 28 days.</summary>
/// <remarks>Too often is more than <c>max(20, 10 × the largest hour of all days)</c>, once a week is known.</remarks>
/// <example>The largest hour of 8 days had 6 questions. So 60 an hour are usual, and 70 are a finding. The hour with 70 counts as one with 6.</example>
internal sealed class MetadataUse : DayMaxima
{
    private const int LeastDays = 7;
    private const double Floor = 20;
    private const double TimesLargest = 10;

    /// <summary>How often in this hour.</summary>
    public double Count { get; set; }

    /// <summary>More than this is too often; null while no week is known.</summary>
    public double? Limit => Days.Count < LeastDays ? null : Math.Max(Floor, TimesLargest * Worst);

    public void Add(long hour, double count)
    {
        Advance(hour, _ =>
        {
            // An hour that was too much must not make ten times as much usual.
            Today = Math.Max(Today, Count > Limit ? Limit.Value / TimesLargest : Count);
            Count = 0;
        });
        Count += count;
    }
}
