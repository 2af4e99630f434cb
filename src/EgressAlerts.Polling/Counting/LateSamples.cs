using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Takes the last samples of series that ended, and finds those that came after their window and all of <c>prometheus.late</c> had passed.</summary>
/// <remarks>A living series needs no such look: its next sample holds the growth of all before it.</remarks>
internal sealed class LateSamples(CounterTracker tracker, TargetLabels targets, Func<IReadOnlyDictionary<string, string>, SeriesMeaning> classify) : ISeriesSink
{
    private readonly List<(SeriesMeaning What, double Amount)> _found = [];

    /// <summary>What was missed. Each amount is there once, also where the answer broke off and the query was repeated.</summary>
    public IReadOnlyList<(SeriesMeaning What, double Amount)> Found => _found;

    /// <summary>Asks for the last samples of series that have none within <paramref name="recent"/>.</summary>
    public static string Query(string selector, string back, string recent) =>
        $"last_over_time({selector}[{back}]) unless last_over_time({selector}[{recent}])";

    public void Restart()
    {
        // The tracker has taken note of what was found: a second attempt does not find it again.
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        if (samples.Length == 0 || !samples[^1].IsCount) return;
        var read = LabelReader.Read(labels);
        if (tracker.Missed(labels, read, targets.Find(read), samples[^1].Value) is var missed and > 0) _found.Add((classify(read), missed));
    }
}
