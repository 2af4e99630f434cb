using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>The labels that tell one exported flow from another.</summary>
/// <param name="Destination">The name, as the label has it.</param>
/// <param name="Port">Empty where the mesh does not tell it.</param>
public sealed record ExportedFlow(Workload Source, string Destination, string Port, Route Route, Protocol Protocol);

/// <summary>How much the exported counters of a flow grew by. Each number is exactly the difference of the counters.</summary>
public sealed record PastAmounts
{
    public double Requests { get; set; }

    public double Opened { get; set; }

    public double Closed { get; set; }

    /// <summary>Bytes that the application sent out.</summary>
    public double Upload { get; set; }

    /// <summary>Bytes that the application got back.</summary>
    public double Download { get; set; }

    /// <summary>Requests and connections. A connection counts when it opens or ends. So one that never ended counts, and so does one that a refusing mesh
    /// only ended.</summary>
    public double Contacts => Requests + Math.Max(Opened, Closed);

    public static PastAmounts Sum(IEnumerable<PastAmounts> all)
    {
        var sum = new PastAmounts();
        foreach (var one in all)
        {
            foreach (var metric in Enum.GetValues<Metric>()) sum[metric] += one[metric];
        }

        return sum;
    }

    public double this[Metric metric]
    {
        get => metric switch
        {
            Metric.Requests => Requests,
            Metric.ConnectionsOpened => Opened,
            Metric.ConnectionsClosed => Closed,
            Metric.UploadBytes => Upload,
            _ => Download,
        };
        set
        {
            switch (metric)
            {
                case Metric.Requests: Requests = value; break;
                case Metric.ConnectionsOpened: Opened = value; break;
                case Metric.ConnectionsClosed: Closed = value; break;
                case Metric.UploadBytes: Upload = value; break;
                default: Download = value; break;
            }
        }
    }
}

/// <summary>What a flow did within a span of the past.</summary>
/// <param name="Days">On which days any of its counters grew.</param>
public sealed record PastUse(ExportedFlow Flow, PastAmounts Amounts, PastDays Days);

/// <summary>What exported counters say of a span of the past.</summary>
/// <param name="Uses">The flows that did anything, in an order that depends on nothing but their labels.</param>
/// <param name="Destinations">What was last known of each destination.</param>
/// <param name="HoursWithData">The hours in which the service counted, by their beginning.</param>
/// <param name="NotRestarted">The workloads of which no proxy started within the span, so their traffic at a start was not seen. Null where Prometheus does not
/// have Istio's own series of the whole span.</param>
/// <param name="Notes">The notes that the server has sent beside its data.</param>
public sealed record PastTraffic(
    PastSpan Span, IReadOnlyList<PastUse> Uses, IReadOnlyDictionary<string, Destination> Destinations, IReadOnlySet<DateTimeOffset> HoursWithData,
    IReadOnlyList<Workload>? NotRestarted, IReadOnlyList<string> Notes)
{
    /// <summary>What is known of a destination. An overflow has nothing but its name.</summary>
    public Destination Find(string destination) =>
        Destinations.TryGetValue(destination, out var found) ? found : new(destination, NameSource.Unknown, Confirmed: false);
}
