using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>What Prometheus knows of the exported counters' past, in the form that pages show. Any thread.</summary>
/// <remarks>Answers come from <see cref="CachedHistory"/>, so a page costs Prometheus little however often it is loaded.</remarks>
internal sealed class TrafficHistory(PassWorker worker, Exposition exposition, TimeProvider time)
{
    /// <summary>Instants are rounded to this, so that pages that are loaded one after the other share an answer.</summary>
    private static readonly TimeSpan Grain = TimeSpan.FromSeconds(10);

    private const int MostBars = 30;

    /// <summary>How much of the past a sparkline shows. A service that is young shows a shorter time.</summary>
    public TimeSpan Length => (time.GetUtcNow() - (exposition.Current?.Ledger.BaselineEnd ?? time.GetUtcNow())) switch
    {
        { TotalMinutes: < 15 } => TimeSpan.FromMinutes(15),
        { TotalHours: < 1 } => TimeSpan.FromHours(1),
        { TotalHours: < 12 } => TimeSpan.FromHours(12),
        _ => TimeSpan.FromHours(24),
    };

    /// <summary>A sparkline for each value of the labels that <paramref name="by"/> names, joined by a line feed.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<double>>> SentAsync(string by, string matchers, CancellationToken cancel)
    {
        var length = Length;
        var step = HistorySteps.For(length, MostBars, worker.Pass.Settings.Prometheus.Interval);
        var last = HistorySteps.EndOfStep(time.GetUtcNow(), step);
        var first = last - length + step;
        var answer = await worker.Pass.History.ReadAsync(TrafficQueries.Sent(by, matchers, DurationText.Milliseconds(step)), first, last, step, cancel);
        var labels = by.Split(", ");
        var lines = new Dictionary<string, IReadOnlyList<double>>();
        foreach (var series in answer.Series)
        {
            var bars = new double[(int)(length / step)];
            foreach (var point in series.Points)
            {
                if ((int)((point.At - first) / step) is var i && i >= 0 && i < bars.Length) bars[i] = Math.Round(point.Value);
            }

            lines[string.Join('\n', labels.Select(label => series.Labels.GetValueOrDefault(label, "")))] = bars;
        }

        return lines;
    }

    /// <summary>The values of an instant query as of now, by the labels that <paramref name="by"/> names.</summary>
    public async Task<(IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, double Value)> Values, string Failure)> NowAsync(
        string query, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        var answer = await worker.Pass.History.ReadAsync(query, now, now, Grain, cancel);
        return ([.. answer.Series.Where(series => series.Points.Count > 0).Select(series => (series.Labels, series.Points[^1].Value))], answer.Failure);
    }
}
