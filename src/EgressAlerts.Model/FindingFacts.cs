namespace EgressAlerts.Model;

/// <summary>What was observed against what was expected, as short texts. They never hold text from the network.</summary>
/// <param name="LimitKey">The key of the configuration that sets what is expected, such as <c>detection.upload_spike.floor</c>.</param>
public sealed record FindingFacts(string Observed, string Expected, string LimitKey)
{
    /// <summary>For findings that compare nothing, such as the watchdog's.</summary>
    public static readonly FindingFacts None = new("", "", "");
}
