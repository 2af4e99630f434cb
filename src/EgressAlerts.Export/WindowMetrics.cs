using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EgressAlerts.Measuring;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Export;

/// <summary>The metrics of a window: the flow counters, and those by which anyone can check them against Istio's own. One caller at a time.</summary>
internal sealed class WindowMetrics
{
    private static readonly string[] CommonLabels = ["source_workload_namespace", "source_workload", "destination", "destination_port", "route", "protocol"];
    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    private readonly MetricRegistry _registry = new();
    private readonly Counter[] _flows;
    private readonly Dictionary<CounterSeries, Shown> _shown = new(ReferenceEqualityComparer.Instance);
    private readonly Gauge _destinations;
    private readonly Gauge _baselineEnd;
    private readonly Gauge _lastEnd;
    private readonly Counter _counted;
    private readonly Gauge _waiting;
    private readonly Counter _retired;
    private readonly Counter _excluded;
    private readonly Gauge _series;
    private readonly Gauge _limit;
    private readonly Gauge _wanted;
    private readonly Counter _promoted;
    private readonly Gauge _rolledUp;
    private readonly Counter _increments;
    private int _window;
    private bool _fell;

    public WindowMetrics()
    {
        _flows = [.. Metrics.Select(metric => _registry.Counter($"egress_{metric.Word()}_total", Help(metric), [.. CommonLabels, .. MoreLabels(metric)]))];
        _destinations = _registry.Gauge(
            "egress_destination_info",
            "What is known about a destination: where its name came from and whether it was confirmed.",
            "destination", "name_source", "confirmed", "owner", "network", "region", "domain");
        _baselineEnd = _registry.Gauge(
            "egress_alerts_baseline_window_end_timestamp_seconds", "The instant from which the exported counters have counted.");
        _lastEnd = _registry.Gauge("egress_alerts_last_window_end_timestamp_seconds", "The instant up to which the exported counters have counted.");
        _counted = _registry.Counter(
            "egress_alerts_counted_total", "Everything counted since the baseline, exported, waiting for a name or retired.", "metric");
        _waiting = _registry.Gauge(
            "egress_alerts_waiting",
            "Counted, but not yet in any series: the name of the destination is being looked up, or a new series shows 0 first; /api/v1/waiting lists it.",
            "metric");
        _retired = _registry.Counter("egress_alerts_retired_total", "What idle series held when they gave their place up.", "metric");
        _excluded = _registry.Counter("egress_alerts_excluded_total", "What was seen in Istio's counters and left out, by reason.", "metric", "reason");
        _series = _registry.Gauge(
            "egress_alerts_series",
            "Exported egress_* series: live ones count against the limit, those of overflow do not, retired ones gave their place up after being idle.",
            "state");
        _limit = _registry.Gauge("egress_alerts_series_limit", "The most live egress_* series (cardinality.max_series).");
        _wanted = _registry.Gauge(
            "egress_alerts_destinations_wanted",
            "Pairs of workload and destination that would have series without a budget, those without a place estimated within 2 % over one to two days.");
        _promoted = _registry.Counter("egress_alerts_destinations_promoted_total", "Destinations that found a place after they had been folded.");
        _rolledUp = _registry.Gauge(
            "egress_alerts_destinations_rolled_up",
            "Parents (*.example.com) under which a workload's new destinations are summed because places are scarce.");
        _increments = _registry.Counter(
            "egress_alerts_increments_total", "Increments by where they were counted: in a series of their destination, or in an overflow.", "state");
    }

    /// <summary>Shows a window in place of the last one; false where a counter would have to fall, which none of these can.</summary>
    public bool TryShow(Admitted admitted)
    {
        _window++;
        _fell = false;
        ShowSeries(admitted.Series);
        _destinations.Replace(admitted.Destinations.Select(destination => (Labels(destination), 1.0)));
        _baselineEnd.Set(Seconds(admitted.Accounts.BaselineEnd));
        _lastEnd.Set(Seconds(admitted.Window.End));
        var waiting = Waiting(admitted);
        foreach (var metric in Metrics)
        {
            Raise(_counted.WithLabels(metric.Word()), admitted.Counted[metric]);
            _waiting.WithLabels(metric.Word()).Set(waiting[metric]);
            Raise(_retired.WithLabels(metric.Word()), admitted.Retired[metric]);
        }

        foreach (var sum in admitted.Accounts.Excluded) Raise(_excluded.WithLabels(sum.Metric.Word(), sum.Reason), sum.Amount);
        var budget = admitted.Budget;
        _series.WithLabels("live").Set(budget.Live);
        _series.WithLabels("overflow").Set(budget.Overflow);
        _series.WithLabels("retired").Set(budget.RetiredSeries);
        _limit.Set(budget.Limit);
        _wanted.Set(budget.Wanted);
        Raise(_promoted, budget.Promoted);
        _rolledUp.Set(budget.RolledUp);
        Raise(_increments.WithLabels("live"), budget.Placed);
        Raise(_increments.WithLabels("overflow"), budget.Folded);
        return !_fell;
    }

    public void Write(MemoryStream to, ExpositionFormat format) => _registry.Write(to, format, isEnd: false);

    private void ShowSeries(IReadOnlyList<ExportedSeries> present)
    {
        var added = new List<ExportedSeries>();
        foreach (var series in present)
        {
            ref var shown = ref CollectionsMarshal.GetValueRefOrNullRef(_shown, series.Series);
            if (Unsafe.IsNullRef(ref shown))
            {
                added.Add(series);
                continue;
            }

            shown.Window = _window;
            Raise(shown.Child, series.Value);
        }

        // What is gone goes first: a series of the same labels that comes with this window begins at 0.
        if (_shown.Count + added.Count > present.Count)
        {
            foreach (var (series, shown) in _shown.Where(shown => shown.Value.Window != _window))
            {
                shown.Child.Remove();
                _shown.Remove(series);
            }
        }

        foreach (var series in added)
        {
            var child = _flows[(int)series.Key.Metric].WithLabels(Labels(in series.Key));
            _shown.Add(series.Series, new() { Child = child, Window = _window });
            Raise(child, series.Value);
        }
    }

    private void Raise(ICounter counter, double value)
    {
        counter.IncTo(value);
        _fell |= counter.Value > value;
    }

    private static string[] MoreLabels(Metric metric) => metric switch
    {
        Metric.Requests => ["response_flags", "response_code"],
        Metric.ConnectionsClosed => ["response_flags"],
        _ => [],
    };

    private static string[] Labels(in SeriesKey key)
    {
        var labels = key.Labels;
        string[] all = [labels.SourceNamespace, labels.SourceWorkload, labels.Destination, labels.Port, labels.Route.Word(), labels.Protocol.Word()];
        return key.Metric switch
        {
            Metric.Requests => [.. all, key.ResponseFlags, key.ResponseCode],
            Metric.ConnectionsClosed => [.. all, key.ResponseFlags],
            _ => all,
        };
    }

    private static string[] Labels(Destination destination) =>
    [
        destination.Name, destination.Source.Word(), destination.Confirmed ? "true" : "false",
        destination.Owner, destination.Network, destination.Region, destination.Domain,
    ];

    private static string Help(Metric metric) => metric switch
    {
        Metric.Requests => "Requests that left the mesh (istio_requests_total).",
        Metric.ConnectionsOpened => "TCP connections opened to the outside (istio_tcp_connections_opened_total).",
        Metric.ConnectionsClosed => "TCP connections to the outside that ended (istio_tcp_connections_closed_total).",
        Metric.UploadBytes => "Bytes that the application sent out (istio_tcp_received_bytes_total, istio_request_bytes_sum).",
        _ => "Bytes that the application got back (istio_tcp_sent_bytes_total, istio_response_bytes_sum).",
    };

    private static Totals Waiting(Admitted admitted)
    {
        var sums = new Totals();
        foreach (var increment in admitted.Waiting) sums.Add(increment.Metric, increment.Amount);
        foreach (var series in admitted.Withheld) sums.Add(series.Key.Metric, series.Value);
        return sums;
    }

    private static double Seconds(DateTimeOffset at) => at == default ? 0 : at.ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>A series of the registry, and the last window that had it.</summary>
    private record struct Shown
    {
        public Counter.Child Child;
        public int Window;
    }
}
