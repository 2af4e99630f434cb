using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What one workload is known to do.</summary>
internal sealed class Habit
{
    /// <summary>How long the service had watched anything when it first saw this workload.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>For how long the workload has been watched. Time in which the service did not run does not count.</summary>
    [JsonIgnore]
    public TimeSpan Observed { get; set; }

    /// <summary>For how long the workload had been there before that, as Prometheus knew. That tells whom it talks to, but not how much.</summary>
    public TimeSpan Before { get; set; }

    /// <summary>When <c>detection.learning</c> had passed, so that what it does for the first time is new; the default value before.</summary>
    public DateTimeOffset LearnedAt { get; set; }

    public bool IsLearned => LearnedAt != default;

    /// <summary>Whether it came when the service had watched for twice <c>detection.learning</c>, so that all others were known.</summary>
    [JsonIgnore]
    public bool CameLate { get; set; }

    /// <summary>Whether it came late and <c>detection.learning</c> has not passed since. It may be a poisoned image, so it counts as learned.</summary>
    [JsonIgnore]
    public bool IsNewborn { get; set; }

    /// <summary>How many destinations it talked to for the first time.</summary>
    [JsonPropertyName("news")]
    public NewDestinationCount NewDestinations { get; init; } = new();

    [JsonIgnore]
    public Dictionary<string, Contact> Known { get; } = [];

    /// <summary>Whether the workload began to talk to a destination only after it had been learned.</summary>
    public bool IsAfterLearning(DateTimeOffset firstContact) => IsLearned && firstContact >= LearnedAt;
}

/// <summary>When a workload talked to a destination, in seconds since 1970.</summary>
/// <param name="Last">The beginning of the hour. What is forgotten after days need not be known to the second, and so is written once an hour.</param>
/// <param name="IsUnlearned">Whether it was there only while a policy allowed it, and is no habit. Without the policy it is new.</param>
internal readonly record struct Contact(uint First, uint Last, bool IsUnlearned = false)
{
    /// <summary>Restores a contact from the database, where <c>first</c> is negative for one that is unlearned.</summary>
    public static Contact Of(long first, long last) => new((uint)Math.Abs(first), (uint)last, first < 0);

    /// <summary>What the database has as <c>first</c>.</summary>
    public long StoredFirst => IsUnlearned ? -(long)First : First;

    /// <summary>The least rank is forgotten first: what was used longest ago, and of what was used in the same hour what was met last.
    /// So a flood goes before the habits of the same hour.</summary>
    public ulong Rank => ((ulong)Last << 32) | (uint.MaxValue - First);

    public static uint Hour(uint seconds) => seconds - (seconds % 3_600);
}
