using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Collects the flows that there were at earlier instants. Each series is classified once.</summary>
/// <remarks>At most <see cref="MaxSeries"/> series and <see cref="MaxFlows"/> flows are kept. Further ones are not known.</remarks>
internal sealed class HistorySink(Classifier classifier) : ISeriesSink
{
    private const int MaxSeries = 2_000_000;
    private const int MaxFlows = 200_000;

    private readonly SeriesHash _hash = SeriesHash.Random();
    private readonly Dictionary<ulong, Flow?> _series = [];
    private readonly Dictionary<Flow, (DateTimeOffset First, DateTimeOffset Last)> _flows = [];

    public RawMetric Raw { get; set; } = RawMetric.All[0];

    public DateTimeOffset At { get; set; }

    public int Count => _series.Count;

    public IReadOnlyList<PastFlow> Flows => [.. _flows.Select(flow => new PastFlow(flow.Key, flow.Value.First, flow.Value.Last))];

    public void Restart()
    {
        // What was read before the attempt broke off is true all the same.
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        var id = _hash.Compute(labels);
        if (!_series.TryGetValue(id, out var flow))
        {
            if (_series.Count == MaxSeries) return;
            flow = classifier.Classify(Raw, LabelReader.Read(labels)).Counter?.Flow;
            _series.Add(id, flow);
        }

        // A workload has no contact with what was refused.
        if (flow is null || flow.Route == Route.Blocked) return;
        if (_flows.TryGetValue(flow, out var known)) _flows[flow] = (At < known.First ? At : known.First, At > known.Last ? At : known.Last);
        else if (_flows.Count < MaxFlows) _flows.Add(flow, (At, At));
    }
}
