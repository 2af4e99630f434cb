using System.Text.Json;
using System.Text.Json.Serialization;

namespace EgressAlerts.Backtest;

/// <summary>All that a backtest found. With <c>-o json</c> this is the output; deploy/reference/backtest.md documents its fields.</summary>
/// <param name="From">The start of the first window.</param>
/// <param name="To">The end of the last window.</param>
/// <param name="Source">The server or the file that was read.</param>
/// <param name="Series">Different series of Istio's counters.</param>
/// <param name="Limits">What is not simulated, in whole sentences.</param>
/// <param name="Warnings">What makes counts wrong or blind, and what the server said beside its data.</param>
/// <param name="Began">How many alerts began in all.</param>
/// <param name="Unlisted">How many of them <paramref name="Alerts"/> does not list, because it is full.</param>
/// <param name="Workloads">The ten workloads with most alerts.</param>
/// <param name="Against">Null where nothing was compared.</param>
internal sealed record BacktestReport(
    string Config,
    DateTimeOffset From,
    DateTimeOffset To,
    double IntervalSeconds,
    string Source,
    int Series,
    long Samples,
    IReadOnlyList<string> Limits,
    IReadOnlyList<string> Warnings,
    Coverage Coverage,
    int Began,
    int Unlisted,
    IReadOnlyList<AlertCount> Counts,
    IReadOnlyList<WorkloadCount> Workloads,
    IReadOnlyList<PlayedAlert> Alerts,
    Comparison? Against)
{
    public string ToJson() => JsonSerializer.Serialize(this, BacktestJson.Default.BacktestReport);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(BacktestReport))]
internal sealed partial class BacktestJson : JsonSerializerContext;
