using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Naming;

/// <summary>Holds increments whose destination is still being looked up.</summary>
/// <remarks>It has room for <see cref="Capacity"/> counters. Increments of further ones do not wait and are counted under the address.</remarks>
internal sealed class WaitingRoom(StoredState state)
{
    private const int Capacity = 100_000;

    private static readonly Shape<CounterId, (double Amount, DateTimeOffset Since)> Shape = new(
        "waiting_increment",
        [
            .. Workload.Columns, "address", "port", "service", "host", "sni", "metric", "route", "protocol", "response_code", "response_flags",
            "facts",
        ],
        id =>
        [
            .. id.Flow.Source.Values, id.Flow.To.Address?.ToString() ?? "", id.Flow.To.Port, id.Flow.To.Service, id.Flow.To.Host,
            id.Flow.To.Sni, id.Metric.LabelValue(), id.Flow.Route.LabelValue(), id.Flow.Protocol.LabelValue(),
            id.ResponseCode, id.ResponseFlags, id.Tags.ToString(),
        ],
        values =>
        {
            var texts = Array.ConvertAll(values[Workload.Columns.Count..], value => (string)value);
            var to = new RawDestination(texts[0].Length == 0 ? null : IPAddress.Parse(texts[0]), texts[1], texts[2], texts[3], texts[4]);
            var flow = new Flow(Workload.Of(values), to, LabelValues.Parse<Route>(texts[6]), LabelValues.Parse<Protocol>(texts[7]));
            return new CounterId(flow, LabelValues.Parse<Metric>(texts[5]), texts[8], texts[9], PolicyTags.Parse(texts[10]));
        },
        ["amount", "since"],
        held => [held.Amount, Instant.Text(held.Since)],
        values => ((double)values[0], Instant.Parse((string)values[1])));

    private readonly Table<CounterId, (double Amount, DateTimeOffset Since)> _waiting = state.Table(Shape);

    /// <summary>False where there is no room.</summary>
    public bool TryAdd(Increment increment, DateTimeOffset since)
    {
        if (_waiting.TryFind(increment.Id, out var held)) _waiting.Put(increment.Id, (held.Amount + increment.Amount, held.Since));
        else if (_waiting.Count < Capacity) _waiting.Put(increment.Id, (increment.Amount, since));
        else return false;
        return true;
    }

    public IReadOnlyList<Increment> Increments => [.. _waiting.Select(held => new Increment(held.Key, held.Value.Amount))];

    /// <summary>Removes and returns the increments that need not wait any longer, with the time at which their waiting began.</summary>
    public IReadOnlyList<(Increment Increment, DateTimeOffset Since)> Release(Func<Flow, DateTimeOffset, bool> ready)
    {
        var released = _waiting.Where(held => ready(held.Key.Flow, held.Value.Since))
            .Select(held => (Increment: new Increment(held.Key, held.Value.Amount), held.Value.Since)).ToList();
        foreach (var (increment, _) in released) _waiting.Remove(increment.Id);
        return released;
    }
}
