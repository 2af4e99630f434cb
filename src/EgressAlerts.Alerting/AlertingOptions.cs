namespace EgressAlerts.Alerting;

/// <summary>The <c>alerting</c> section of the configuration.</summary>
public sealed record AlertingOptions
{
    /// <summary>How often firing alerts are sent again; 1 s to 1 h.</summary>
    public TimeSpan ResendInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Labels added to every alert.</summary>
    public IReadOnlyDictionary<string, string> ExternalLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Where users reach this service; links in alerts begin with it.</summary>
    public Uri ExternalUrl { get; init; } = new("http://127.0.0.1:10098");

    /// <summary>The length of a window: an alert must outlive a few of them without news.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The most alerts of one name and of more than <c>info</c> that fire at a time; further ones are held back. Alertmanager and people have limits
    /// of their own.</summary>
    public int MaxAlertsPerName { get; init; } = 2_500;

    /// <summary>The most alerts of all names and of more than <c>info</c> that fire at a time.</summary>
    public int MaxAlerts { get; init; } = 5_000;

    /// <summary>The most alerts of <c>info</c> that fire at a time. They stay for a day, until a digest has told them, and must not take the room of the others.</summary>
    public int MaxInfoAlerts { get; init; } = 5_000;

    /// <summary>How long alerts are remembered after they have resolved; 0 s to 400 d.</summary>
    public TimeSpan History { get; init; } = TimeSpan.FromDays(30);
}
