using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Adds up what the series of one exported metric grew by, from mark to mark. An answer counts once it is kept.</summary>
/// <remarks>A counter that falls began again at 0, so all that it shows counts. One that is missing at a mark goes on where it was, because the service keeps
/// its counters over an outage. Only one that was idle for as long as <c>cardinality.idle_ttl</c> gave its place up. It then begins at 0.</remarks>
internal sealed class GrowthSink(Metric metric, PastFlows flows, TimeSpan step, TimeSpan idle) : ISeriesSink
{
    /// <summary>More series than this do not fit into memory.</summary>
    public const int MaxSeries = 2_000_000;

    private readonly SeriesHash _hash = SeriesHash.Random();
    private readonly Dictionary<ulong, Life> _lives = [];
    private readonly List<Growth> _growths = [];
    private readonly List<(ulong Key, Life Life)> _seen = [];

    /// <summary>True while the answer is about the start: what it shows was there before.</summary>
    public bool IsBaseline { get; set; }

    public bool IsFull { get; private set; }

    public void Restart()
    {
        _growths.Clear();
        _seen.Clear();
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        var key = _hash.Compute(labels);
        if (!_lives.TryGetValue(key, out var life))
        {
            IsFull |= _lives.Count + _seen.Count >= MaxSeries;
            if (IsFull || flows.Find(LabelReader.Read(labels)) is not { } flow) return;
            life = new(flow, 0, 0, 0);
        }

        foreach (var sample in samples)
        {
            if (!sample.IsCount) continue;
            var grown = IsBaseline ? 0 : life.GrownUntil(sample, step, idle);
            if (grown > 0) _growths.Add(new(life.Flow, sample.Milliseconds, grown));
            life = life with
            {
                Value = sample.Value,
                At = sample.Milliseconds,
                GrownAt = grown > 0 || life.At == 0 ? sample.Milliseconds : life.GrownAt,
            };
        }

        _seen.Add((key, life));
    }

    /// <summary>Counts the answer.</summary>
    public void Keep()
    {
        foreach (var (flow, at, grown) in _growths) flow.Add(metric, grown, at);
        foreach (var (key, life) in _seen) _lives[key] = life;
        Restart();
    }

    private readonly record struct Growth(FlowSum Flow, long At, double Grown);

    /// <param name="At">When it was last there, in milliseconds; 0 for never.</param>
    /// <param name="GrownAt">When it was last seen to have grown, or was first there.</param>
    private readonly record struct Life(FlowSum Flow, double Value, long At, long GrownAt)
    {
        public double GrownUntil(Sample sample, TimeSpan step, TimeSpan idle)
        {
            var isBack = At > 0 && sample.Milliseconds - At > step.TotalMilliseconds * 1.5 && At - GrownAt >= idle.TotalMilliseconds;
            return At == 0 || isBack || sample.Value < Value ? sample.Value : sample.Value - Value;
        }
    }
}
