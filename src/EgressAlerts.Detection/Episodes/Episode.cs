using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What a workload does with a destination, from its first window until it is over.</summary>
internal sealed class Episode : FiringState
{
    public required Flow Flow { get; init; }

    /// <summary>The destination as it is named now. The finding keeps the name it began with.</summary>
    public required Destination Destination { get; set; }

    /// <summary>When it began. The database calls it <c>first</c>.</summary>
    [JsonIgnore]
    public override DateTimeOffset Since { get; set; }

    public DateTimeOffset First { get => Since; set => Since = value; }

    /// <summary>Requests, and connections that ended.</summary>
    public double Count { get; set; }

    /// <summary>Bytes that the application sent out.</summary>
    public double Upload { get; set; }

    /// <summary>Bytes that the application got back.</summary>
    public double Download { get; set; }

    /// <summary>See <see cref="Match.Detail"/>: the latest that is not empty.</summary>
    public string Detail { get; set; } = "";

    /// <summary>The worst <see cref="Match.Severity"/>; empty where the settings say it.</summary>
    public string Severity { get; set; } = "";

    /// <summary>See <see cref="Match.IsSuppressed"/>: what the first match said.</summary>
    [JsonPropertyName("is_quiet")]
    public bool IsSuppressed { get; init; }

    public void Add(FlowActivity activity, Match match, DateTimeOffset now)
    {
        Fire(now);
        if (activity.SeenAt < Since) Since = activity.SeenAt;
        Destination = activity.Destination;
        (Count, Upload, Download) = (Count + activity.Count, Upload + activity.Upload, Download + activity.Download);
        if (match.Detail.Length > 0) Detail = match.Detail;
        Severity = Severities.Worse(match.Severity, Severity);
    }
}

/// <summary>Why activity is a finding.</summary>
/// <param name="Detail">What the description is to say about it; empty for nothing.</param>
/// <param name="Severity">Empty where the settings say it.</param>
/// <param name="IsSuppressed">The episode is followed, but it is no finding until it becomes more severe.</param>
internal readonly record struct Match(string Detail, string Severity = "", bool IsSuppressed = false);
