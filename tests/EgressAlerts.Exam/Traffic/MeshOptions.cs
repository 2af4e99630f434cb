namespace EgressAlerts.Exam.Traffic;

/// <summary>What is played.</summary>
/// <param name="Seed">The same seed plays the same; with an odd one the user has a database of networks, with an even one none.</param>
/// <param name="Learn">Days before the judged fortnight.</param>
/// <param name="Window">Seconds of a window: 30 or 60.</param>
internal sealed record MeshOptions(int Seed, int Learn = 8, int Window = 60, int Workloads = 50)
{
    public long Start => Time.JudgedFrom - (Learn * Time.Day);

    /// <summary>False for the ordinary traffic alone.</summary>
    public bool HasAttacks { get; init; } = true;

    public bool KnowsNetworks => Seed % 2 == 1;

    public override string ToString() => $"seed {Seed}, {Learn} days of learning, windows of {Window} s, {Workloads} workloads";
}
