using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Asks a server whom workloads talked to before the first window.</summary>
internal sealed class HistoryReader(PolledServer server, Classifier classifier, ILogger logger)
{
    /// <summary>The server is asked at so many instants, newest first, because a counter stays as long as its pod lives.</summary>
    private const int Instants = 28;

    private static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(1);

    /// <inheritdoc cref="Poller.ReadHistoryAsync"/>
    public async Task<IReadOnlyList<PastFlow>?> ReadAsync(Window first, TimeSpan back, CancellationToken cancel)
    {
        var sink = new HistorySink(classifier);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(MaxTime);
        try
        {
            for (var i = 0; i < Instants; i++)
            {
                sink.At = first.Start - (back * ((double)i / Instants));
                foreach (var raw in RawMetric.All.Where(raw => raw.Metric is Metric.Requests or Metric.ConnectionsOpened))
                {
                    sink.Raw = raw;
                    var (query, into) = (LiveSamples.Selector(raw, server.Options.Matchers), ClusterSink.For(sink, server.Options.Cluster));
                    if (await server.Client.QueryAsync(query, sink.At, into, limit.Token) is not { } failure) continue;
                    if (i == 0) return null; // The window fails for the same reason, and says so.
                    Log.HistoryFailed(logger, sink.At, failure.Reason.LabelValue(), failure.Message);
                    return Own(sink.Flows);
                }
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Log.HistoryFailed(logger, sink.At, FailureReason.Timeout.LabelValue(), $"it took longer than {MaxTime.TotalSeconds:0} s");
        }

        var flows = Own(sink.Flows);
        if (flows.Count > 0) Log.History(logger, flows.Count, sink.Count, flows.Min(flow => flow.First));
        return flows;
    }

    private IReadOnlyList<PastFlow> Own(IReadOnlyList<PastFlow> flows) => [.. flows.Where(flow => server.Options.Shard.Owns(flow.Flow.Source.Namespace))];
}
