using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EgressAlerts.Common;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Export;

/// <summary>The metrics of a window: the counters of flows, and those by which anyone can check them against Istio's own. One caller at a time.
/// Hot code.</summary>
internal sealed class WindowMetrics
{
    private static readonly string[] FlowLabelNames = [.. Workload.Columns, "destination", "destination_port", "route", "protocol"];

    private static readonly Metric[] Metrics = Enum.GetValues<Metric>();

    private readonly MetricRegistry _registry = new();
    private readonly Counter[] _flows;

    /// <summary>The metric of each series, and the number of the last window that had the series.</summary>
    private readonly Dictionary<CounterSeries, (Counter.Child Child, int Window)> _shown = new(ReferenceEqualityComparer.Instance);
    private readonly List<Action<PublishedWindow>> _others = [];
    private int _window;
    private bool _fell;

    public WindowMetrics()
    {
        _flows =
        [
            .. Metrics.Select(metric => _registry.Counter(
                $"egress_{metric.LabelValue()}_total", Help(metric), [.. FlowLabelNames, .. OfMetric(metric, "response_flags", "response_code")])),
        ];
        Gauge(
            "egress_destination_info",
            "What is known about a destination: where its name came from and whether it was confirmed.",
            ["destination", "name_source", "confirmed", "owner", "network", "region", "domain"],
            window => window.Counters.Destinations.Select(destination => (Labels(destination), 1.0)));
        Gauge(
            "egress_alerts_baseline_window_end_timestamp_seconds",
            "The instant from which the exported counters have counted.",
            window => Seconds(window.Ledger.BaselineEnd));
        Gauge(
            "egress_alerts_last_window_end_timestamp_seconds",
            "The instant up to which the exported counters have counted.",
            window => Seconds(window.Counters.Window.End));
        Counter(
            "egress_alerts_counted_total",
            "Everything counted since the baseline, exported, waiting for a name or retired.",
            ["metric"],
            window => PerMetric(window.Counters.Counted));
        Gauge(
            "egress_alerts_waiting",
            "Counted, but not yet in any series: the name of the destination is being looked up, or a new series shows 0 first; /api/v1/waiting lists it.",
            ["metric"],
            window => PerMetric(Waiting(window)));
        Counter(
            "egress_alerts_retired_total", "What idle series held when they gave their place up.", ["metric"], window => PerMetric(window.Counters.Retired));
        Counter(
            "egress_alerts_excluded_total",
            "What was seen in Istio's counters and left out, by reason.",
            ["metric", "reason"],
            window => window.Ledger.Excluded.Select(sum => ((string[])[sum.Metric.LabelValue(), sum.Reason], sum.Amount)));
        Counter(
            "egress_alerts_first_values_total",
            "The part of what was counted or left out that counters had when they were seen first: increase() over Istio's own series misses it.",
            ["metric"],
            window => PerMetric(window.Ledger.FirstValues));
        Counter(
            "egress_alerts_expected_total",
            "What increase() over Istio's series that are read comes to, as the query API computes it every five minutes: an estimate to check counts with.",
            ["metric"],
            window => PerMetric(window.Ledger.Expected));
        Gauge(
            "egress_alerts_series",
            "Exported egress_* series: live ones count against the limit, those of overflow do not, retired ones gave their place up after being idle.",
            ["state"],
            window =>
            [
                (["live"], window.Counters.Budget.Live), (["overflow"], window.Counters.Budget.Overflow), (["retired"], window.Counters.Budget.RetiredSeries),
            ]);
        Gauge("egress_alerts_series_limit", "The most live egress_* series (cardinality.max_series).", window => window.Counters.Budget.Limit);
        Gauge(
            "egress_alerts_destinations_wanted",
            "Pairs of workload and destination that would have series without a budget, those without a place estimated within 2 % over one to two days.",
            window => window.Counters.Budget.Wanted);
        Counter(
            "egress_alerts_destinations_promoted_total",
            "Destinations that found a place after they had been folded.",
            [],
            window => [([], window.Counters.Budget.Promoted)]);
        Gauge(
            "egress_alerts_destinations_rolled_up",
            "Parents (*.example.com) under which a workload's new destinations are summed because places are scarce.",
            window => window.Counters.Budget.RolledUp);
        Counter(
            "egress_alerts_increments_total",
            "Increments by where they were counted: in a series of their destination, or in an overflow.",
            ["state"],
            window => [(["live"], window.Counters.Budget.Placed), (["overflow"], window.Counters.Budget.Overflowed)]);
    }

    /// <summary>Shows a window in place of the last one.</summary>
    /// <returns>False where a counter would have to fall, which a counter of the registry cannot.</returns>
    public bool TryShow(PublishedWindow window)
    {
        _window++;
        _fell = false;
        ShowFlows(window.Counters.Series);
        foreach (var show in _others) show(window);
        return !_fell;
    }

    public void Write(MemoryStream to, ExpositionFormat format) => _registry.Write(to, format, isEnd: false);

    private void Gauge(string name, string help, Func<PublishedWindow, double> read) => Gauge(name, help, [], window => [([], read(window))]);

    private void Gauge(string name, string help, string[] labels, Func<PublishedWindow, IEnumerable<(string[] Labels, double Value)>> read)
    {
        var gauge = _registry.Gauge(name, help, labels);
        _others.Add(window => gauge.Replace(read(window)));
    }

    private void Counter(string name, string help, string[] labels, Func<PublishedWindow, IEnumerable<(string[] Labels, double Value)>> read)
    {
        var counter = _registry.Counter(name, help, labels);
        _others.Add(window =>
        {
            foreach (var (values, value) in read(window)) Raise(counter.WithLabels(values), value);
        });
    }

    private void ShowFlows(IReadOnlyList<ExportedSeries> present)
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

        // Series that are gone are removed first. A series of the same labels that comes with this window then begins at 0.
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
            _shown.Add(series.Series, (child, _window));
            Raise(child, series.Value);
        }
    }

    private void Raise(Counter.Child counter, double value)
    {
        counter.IncTo(value);
        _fell |= counter.Value > value;
    }

    private static string[] OfMetric(Metric metric, string flags, string code) => metric switch
    {
        Metric.Requests => [flags, code],
        Metric.ConnectionsClosed => [flags],
        _ => [],
    };

    private static string[] Labels(in SeriesKey key) =>
    [
        key.Source.Cluster, key.Source.Namespace, key.Source.Name, key.Destination, key.Port, key.Route.LabelValue(), key.Protocol.LabelValue(),
        .. OfMetric(key.Metric, key.ResponseFlags, key.ResponseCode),
    ];

    private static string[] Labels(Destination destination) =>
    [
        destination.Name, destination.Source.LabelValue(), destination.Confirmed ? "true" : "false",
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

    private static IEnumerable<(string[] Labels, double Value)> PerMetric(Totals totals) =>
        Metrics.Select(metric => ((string[])[metric.LabelValue()], totals[metric]));

    private static Totals Waiting(PublishedWindow window)
    {
        var sums = new Totals();
        foreach (var increment in window.Ledger.Waiting) sums.Add(increment.Metric, increment.Amount);
        foreach (var series in window.Counters.ShownAsZero) sums.Add(series.Key.Metric, series.Value);
        return sums;
    }

    private static double Seconds(DateTimeOffset at) => at == default ? 0 : at.ToUnixTimeMilliseconds() / 1000.0;
}
