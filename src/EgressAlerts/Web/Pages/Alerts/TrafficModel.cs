namespace EgressAlerts.Web;

/// <summary>How much a workload did before, during and after an alert, from Prometheus' own history.</summary>
/// <param name="IsBytes">True for bytes that were sent, false for requests and connections.</param>
/// <param name="Values">One for each step from the start on. A step without samples has 0.</param>
/// <param name="AlertStart">When the alert began.</param>
/// <param name="AlertEnd">When it ended, or the end of the picture.</param>
/// <param name="Failure">Why there is nothing to show; empty where there is.</param>
public sealed record TrafficModel(
    bool IsBytes, string Query, DateTimeOffset Start, DateTimeOffset End, double StepSeconds, IReadOnlyList<double> Values, DateTimeOffset AlertStart,
    DateTimeOffset AlertEnd, string Failure)
{
    /// <summary>An amount as the picture writes it.</summary>
    public string Amount(double value) => IsBytes ? PageText.Bytes(value) : PageText.Number(value);
}
