using System.Text.Json.Serialization;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What <see cref="Accounting"/> keeps.</summary>
/// <param name="SeenAt">The end of the last window in which Prometheus had anything.</param>
/// <param name="FirstValues">What counters counted when they were seen first. Null in a database that does not know it yet.</param>
/// <param name="Expected">What the servers' own <c>increase()</c> expects of the series that are read. Likewise.</param>
internal sealed record PollerState(
    DateTimeOffset BaselineEnd, DateTimeOffset LastEnd, DateTimeOffset SeenAt, IReadOnlyList<ExcludedSum> Excluded,
    IReadOnlyDictionary<Metric, double>? FirstValues = null, IReadOnlyDictionary<Metric, double>? Expected = null);

/// <summary>What <see cref="GrowthEstimate"/> keeps.</summary>
/// <param name="Until">For each of Istio's metrics: up to when its growth has been asked for.</param>
internal sealed record EstimateState(IReadOnlyDictionary<string, DateTimeOffset> Until);

/// <summary>What <see cref="CounterTracker"/> keeps beside its counters.</summary>
/// <param name="HashKey0">The first half of the key under which all hashes were made.</param>
/// <param name="Number">The number of the last window.</param>
/// <param name="Anchor">Samples up to here are settled, in milliseconds since 1970.</param>
internal sealed record TrackerState(
    ulong HashKey0, ulong HashKey1, DateTimeOffset LastEnd, uint Number, long Anchor, long Inversions, DateTimeOffset NextSweep);

/// <summary>What <see cref="BaselineRules"/> keeps of the selectors of the last window.</summary>
/// <param name="Gateways">The egress gateways, and the domain of their services.</param>
/// <param name="Version">See <see cref="EgressSelectors.Version"/>. The first one was not written down.</param>
internal sealed record ReadState(ReadMode Mode, string Gateways, int Version = 1);

/// <summary>What <see cref="JobRegister"/> knows of a scrape job.</summary>
internal sealed class Job
{
    public string Name { get; init; } = "";

    public DateTimeOffset FirstSeen { get; set; }

    /// <summary>The scrape interval in milliseconds; 0 where it is not known.</summary>
    public long Interval { get; set; }

    public int Votes { get; set; }

    public uint ActiveIn { get; set; }

    public TimeSpan Active { get; set; }

    /// <summary>The numbers of windows that lie a part of <see cref="JobRegister.Memory"/> apart, counting only windows in which the job had samples.</summary>
    public List<uint> Seen { get; init; } = [];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PollerState))]
[JsonSerializable(typeof(TrackerState))]
[JsonSerializable(typeof(ReadState))]
[JsonSerializable(typeof(EstimateState))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(string))]
internal sealed partial class PollingJson : JsonSerializerContext;
