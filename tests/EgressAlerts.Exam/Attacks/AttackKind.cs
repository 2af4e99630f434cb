using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>One way to attack.</summary>
/// <param name="Meant">The alert that is made to tell of it; empty where none is.</param>
/// <param name="Hours">How long it lasts.</param>
/// <param name="Begin">Sets its traffic going.</param>
internal sealed record AttackKind(string Name, string Meant, double Hours, Action<Attack> Begin)
{
    /// <summary>How often it is played by fifty workloads in the fortnight.</summary>
    public int Copies { get; init; } = 2;

    /// <summary>How many workloads take part.</summary>
    public int Workloads { get; init; } = 1;

    /// <summary>Which workloads can be attacked in this way.</summary>
    public Func<Service, bool> Fits { get; init; } = IsUsual;

    /// <summary>The only instants at which it can begin on a workload; null for any.</summary>
    public Func<Service, IEnumerable<long>>? Moments { get; init; }

    /// <summary>True for a workload that is there all the time, under one name, and that is no special case.</summary>
    public static bool IsUsual(Service service) => service is { Number: >= 0, Died: long.MaxValue, Renames.Count: 0 } && !service.Uses.ContainsKey("metadata");
}
