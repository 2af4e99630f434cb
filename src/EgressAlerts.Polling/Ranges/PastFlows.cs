using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>The flows of a span of the past, while they are read.</summary>
internal sealed class PastFlows(PastSpan span)
{
    private readonly Dictionary<ExportedFlow, FlowSum> _flows = [];

    /// <summary>How many series had labels that this service never writes.</summary>
    public int Strange { get; private set; }

    /// <summary>Those that did anything, sorted by their labels.</summary>
    public IReadOnlyList<PastUse> Uses =>
    [
        .. _flows.Where(flow => flow.Value.HasGrown).Select(flow => flow.Value.Of(flow.Key))
            .OrderBy(use => use.Flow.Source, Workload.Order).ThenBy(use => use.Flow.Destination, StringComparer.Ordinal).ThenBy(use => use.Flow.Port.Length)
            .ThenBy(use => use.Flow.Port, StringComparer.Ordinal).ThenBy(use => use.Flow.Route).ThenBy(use => use.Flow.Protocol),
    ];

    /// <summary>Null where the labels are none that this service writes.</summary>
    public FlowSum? Find(IReadOnlyDictionary<string, string> labels)
    {
        string Label(string name) => labels.GetValueOrDefault(name, "");

        var isOurs = LabelValues.TryParse<Route>(Label("route"), out var route) & LabelValues.TryParse<Protocol>(Label("protocol"), out var protocol);
        if (!isOurs || Label("destination").Length == 0)
        {
            Strange++;
            return null;
        }

        // The cleaned names are what the service writes, so this changes only what somebody else wrote.
        var source = Workload.Of(labels) is var told && told.Cluster.Length > 0 ? told with { Cluster = LabelText.WorkloadName(told.Cluster) } : told;
        source = source with { Namespace = LabelText.WorkloadName(told.Namespace), Name = LabelText.WorkloadName(told.Name) };
        var name = Label("destination") is LabelValues.Overflow or LabelValues.Unknown ? Label("destination") : Clean(Label("destination"));
        var flow = new ExportedFlow(source, name, LabelText.Port(Label("destination_port")), route, protocol);
        if (!_flows.TryGetValue(flow, out var sum)) _flows.Add(flow, sum = new(span));
        return sum;
    }

    /// <summary>A name or an address. Addresses of IPv6 have colons.</summary>
    private static string Clean(string destination) =>
        System.Net.IPAddress.TryParse(destination, out var address) ? $"{address}" : LabelText.Host(destination);
}

/// <summary>What one flow grew by, and on which days.</summary>
internal sealed class FlowSum(PastSpan span)
{
    private readonly PastAmounts _amounts = new();
    private readonly ulong[] _days = new ulong[(span.Days / 64) + 1];

    public bool HasGrown => _days.Any(word => word != 0);

    /// <param name="at">The mark up to which it grew, in milliseconds.</param>
    public void Add(Metric metric, double grown, long at)
    {
        _amounts[metric] += grown;
        var day = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeMilliseconds(at - 1).UtcDateTime).DayNumber - span.FirstDay.DayNumber;
        day = Math.Clamp(day, 0, span.Days - 1);
        _days[day / 64] |= 1UL << (day % 64);
    }

    public PastUse Of(ExportedFlow flow) => new(flow, _amounts, new(span.FirstDay, _days));
}
