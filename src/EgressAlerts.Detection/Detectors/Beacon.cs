using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What a workload exchanges with a destination that it began to use after it had been learned, and whether that is a beacon.</summary>
internal sealed class Beacon : FiringState
{
    /// <summary>Once it fires, a score from here on is no reason to stop: a beacon with jitter is one finding, not many.</summary>
    private const double LeastScore = 0.65;

    /// <summary>It stops after so many lower scores in a row.</summary>
    private const int MostBelow = 6;

    /// <summary>The least regularity of sizes. Below it this is no beacon, however even its times are.</summary>
    private const double LeastOfSizes = 0.7;

    private static readonly TimeSpan EvaluateEvery = TimeSpan.FromMinutes(5);

    /// <summary>What the destination was called at first: the finding keeps that name.</summary>
    public required string Name { get; init; }

    public required Flow Flow { get; init; }

    public required Destination Destination { get; set; }

    public Pulse Pulse { get; init; } = new();

    /// <summary>It lasts for as long as its pulse does.</summary>
    [JsonIgnore]
    public override DateTimeOffset Last => Pulse.Last;

    /// <summary>When it was last evaluated.</summary>
    [JsonPropertyName("judged")]
    public DateTimeOffset Evaluated { get; set; }

    public PulseScore Score { get; set; }

    /// <summary>How evenly its exchanges are spread, where that is no chance; else null.</summary>
    public Evenness? Even { get; set; }

    /// <summary>How many times in a row it scored less than <see cref="LeastScore"/>.</summary>
    public int Below { get; set; }

    /// <summary>Whether half of the other namespaces talk to the destination too.</summary>
    public bool IsCommon { get; set; }

    /// <summary>The severity of what fires; empty until it is decided.</summary>
    public string Severity { get; set; } = "";

    /// <summary>Whether it has been reported as <c>info</c>. It is then not reported again for as long as the pulse goes on.</summary>
    public bool IsKnown { get; set; }

    /// <summary>The destination was talked to in a window that ends now.</summary>
    public void Add(FlowActivity activity, DateTimeOffset now, TimeSpan window)
    {
        Destination = activity.Destination;
        IsKnown &= !Pulse.HasEnded(now);
        Pulse.Add(now, window, Math.Max(1, activity.Count), activity.Upload + activity.Download);
    }

    public bool IsDue(BeaconingOptions options, DateTimeOffset now) => !IsKnown && Pulse.Count >= options.Exchanges && now - Evaluated >= EvaluateEvery;

    /// <returns>Whether it fires.</returns>
    public bool Evaluate(BeaconingOptions options, bool isCommon, DateTimeOffset now, TimeSpan window)
    {
        (Evaluated, Score, IsCommon) = (now, Pulse.Score(window), isCommon);
        var (bytes, even) = (Pulse.TypicalBytes, Score.Sizes >= LeastOfSizes ? Pulse.Counts.Find() : null);
        Even = even is { } found && found.Exchanges / found.Windows * bytes <= options.MaxBytes ? found : null;
        var isBeacon = (Score.Total >= options.Score / 100.0 || Even is not null) && bytes <= options.MaxBytes;
        if (isBeacon) Fire(now);
        Below = isBeacon || Score.Total >= LeastScore ? 0 : Below + 1;
        if (Below >= MostBelow) End();
        return IsFiring;
    }

    public void End() => (Since, Severity) = (default, "");
}
