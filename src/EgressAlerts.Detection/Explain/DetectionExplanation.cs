using EgressAlerts.Common;

namespace EgressAlerts.Detection;

/// <summary>What the policies and the detectors would make of some traffic.</summary>
/// <param name="Source">The workload as detectors call it: its group, where it belongs to one.</param>
/// <param name="Group">The pattern of the entry of <c>detection.workload_groups</c> that holds; empty for none.</param>
/// <param name="Override">The key of the entry of <c>detection.overrides</c> that holds, such as <c>detection.overrides[0]</c>; empty for none.</param>
public sealed record DetectionExplanation(
    string Source, string Group, string Override, LearningExplanation Learning, IReadOnlyList<PolicyExplanation> Policies,
    IReadOnlyList<DetectorExplanation> Detectors);

/// <summary>Whether a workload has been watched for long enough that anything can be new for it.</summary>
/// <param name="State"><c>learned</c>, <see cref="Learning"/> or <see cref="Unknown"/>.</param>
/// <param name="Text">The same as a sentence.</param>
public sealed record LearningExplanation(string State, string Text)
{
    public const string Learning = "learning";
    public const string Unknown = "unknown";

    /// <summary>Where nobody asked the database, or where it has no such workload.</summary>
    public static LearningExplanation None { get; } = new(Unknown, "Nothing is known here of this workload.");

    /// <param name="at">From then on something can be new for the workload; null before.</param>
    public static LearningExplanation Of(DateTimeOffset? at) => at is { } learned
        ? new("learned", $"The workload is learned since {Wording.Time(learned)}.")
        : new(Learning, "The workload is still being learned, until it has been watched for detection.learning.");
}

/// <summary>A policy, and whether it matches.</summary>
/// <param name="Decides">Whether it is the first that matches.</param>
/// <param name="Reason">The first condition that is not met, or what becomes of the traffic. It may hold text that a client chose.</param>
public sealed record PolicyExplanation(string Policy, string Action, bool Matches, bool Decides, string Reason);

/// <summary>A detector, and what it would do.</summary>
/// <param name="Verdict">One of <see cref="Fires"/>, <see cref="Watches"/> and <see cref="Passes"/>.</param>
/// <param name="Limits">The settings that hold for the workload.</param>
public sealed record DetectorExplanation(string Alert, string Verdict, string Severity, string Reason, IReadOnlyList<EffectiveOption> Limits)
{
    /// <summary>The traffic raises the alert.</summary>
    public const string Fires = "fires";

    /// <summary>The traffic counts, and raises the alert where it exceeds a limit.</summary>
    public const string Watches = "watches";

    /// <summary>The detector does not look at the traffic.</summary>
    public const string Passes = "does_not_look";
}
