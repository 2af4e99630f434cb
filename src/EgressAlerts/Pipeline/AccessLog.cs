using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>Logs one line for each flow that a window shows for the first time since the start, and for each blocked one. It outlives reloads.
/// Called by the pass alone.</summary>
/// <remarks>At most <see cref="MaxLines"/> lines a window, then one that says how many more; at most <see cref="MaxKnown"/> flows are remembered,
/// after which the memory begins anew.</remarks>
internal sealed class AccessLog(ILogger logger)
{
    private const int MaxLines = 500;
    private const int MaxKnown = 200_000;

    private readonly HashSet<(Workload, string, string, Route)> _known = [];

    public void Write(NamedReading named)
    {
        var news = named.Increments
            .Where(seen => seen.IsSeen)
            .GroupBy(seen => (seen.Flow.Source, seen.Destination.Name, seen.Flow.To.Port, seen.Flow.Route))
            .Where(flow => _known.Add(flow.Key) || flow.Key.Route == Route.Blocked)
            .ToList();
        foreach (var flow in news.Take(MaxLines)) Write(flow.First(), [.. flow.Select(seen => seen.Increment)]);
        if (news.Count > MaxLines) Log.MoreAccess(logger, news.Count - MaxLines);
        if (_known.Count > MaxKnown) _known.Clear();
    }

    private void Write(NamedIncrement first, IReadOnlyList<Increment> increments)
    {
        double Sum(Metric metric) => increments.Where(increment => increment.Metric == metric).Sum(increment => increment.Amount);

        var (flow, destination) = (first.Flow, first.Destination);
        Log.Access(
            logger,
            flow.Route == Route.Blocked ? LogLevel.Warning : LogLevel.Information,
            flow.Source.Namespace,
            flow.Source.Name,
            destination.Name,
            flow.To.Address?.ToString() ?? "",
            flow.To.Port,
            destination.Source.LabelValue(),
            destination.Confirmed,
            flow.Route.LabelValue(),
            Sum(Metric.Requests),
            Sum(Metric.ConnectionsOpened),
            Sum(Metric.ConnectionsClosed),
            Sum(Metric.UploadBytes),
            Sum(Metric.DownloadBytes));
    }
}
