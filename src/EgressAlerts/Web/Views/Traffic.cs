using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>What the exported counters of one window say, summed by workload and destination. Immutable.</summary>
internal sealed class Traffic
{
    private static readonly IReadOnlyList<PairTraffic> Nothing = [];

    private readonly Dictionary<(Workload Source, string Destination), PairTraffic> _pairs = [];
    private readonly Dictionary<Workload, List<PairTraffic>> _bySource = [];
    private readonly Dictionary<string, List<PairTraffic>> _byDestination = [];
    private readonly Dictionary<string, Destination> _destinations = [];
    private readonly Dictionary<string, Dictionary<Workload, HopAmounts>> _firstHops = [];

    /// <param name="counters">Null before the first window.</param>
    public Traffic(CounterSnapshot? counters)
    {
        Window = counters?.Window;
        if (counters is null) return;
        foreach (ref readonly var series in CollectionsMarshal.AsSpan(counters.Series as List<ExportedSeries> ?? [.. counters.Series])) Add(series);
        foreach (var series in counters.ShownAsZero) Add(series); // A scrape still sees 0, but here nobody computes a rate.
        foreach (var destination in counters.Destinations) _destinations[destination.Name] = destination;
        Clusters = [.. _bySource.Keys.Select(source => source.Cluster).Where(cluster => cluster.Length > 0).Distinct().Order(StringComparer.Ordinal)];
    }

    public Window? Window { get; }

    /// <summary>The clusters of all workloads, as far as the telemetry tells them.</summary>
    public IReadOnlyList<string> Clusters { get; } = [];

    public IReadOnlyCollection<PairTraffic> Pairs => _pairs.Values;

    public IReadOnlyDictionary<Workload, List<PairTraffic>> BySource => _bySource;

    public IReadOnlyDictionary<string, List<PairTraffic>> ByDestination => _byDestination;

    /// <summary>What workloads sent to egress gateways, by the name of the gateway's service. Some may be in the overflow.</summary>
    public IReadOnlyDictionary<string, Dictionary<Workload, HopAmounts>> FirstHops => _firstHops;

    public IReadOnlyList<PairTraffic> Of(Workload source) => _bySource.TryGetValue(source, out var pairs) ? pairs : Nothing;

    public IReadOnlyList<PairTraffic> Of(string destination) => _byDestination.TryGetValue(destination, out var pairs) ? pairs : Nothing;

    /// <summary>What is known of a destination. An overflow, and what lost its place, has nothing but its name.</summary>
    public Destination Find(string destination) => _destinations.TryGetValue(destination, out var found)
        ? found
        : new(destination, NameSource.Unknown, Confirmed: false);

    private void Add(in ExportedSeries series)
    {
        ref readonly var key = ref series.Key;
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (key.Source, key.Destination), out var isKnown);
        if (!isKnown)
        {
            pair = new PairTraffic(key.Source, key.Destination);
            Add(_bySource, key.Source, pair);
            Add(_byDestination, key.Destination, pair);
        }

        pair!.Add(key, series.Value);
        if (key.Route != Route.Gateway) return;
        ref var firstHops = ref CollectionsMarshal.GetValueRefOrAddDefault(_firstHops, key.Destination, out _);
        CollectionsMarshal.GetValueRefOrAddDefault(firstHops ??= [], key.Source, out _) += HopAmounts.Of(key.Metric, series.Value);
    }

    private static void Add<TKey>(Dictionary<TKey, List<PairTraffic>> index, TKey key, PairTraffic pair)
        where TKey : notnull
    {
        ref var pairs = ref CollectionsMarshal.GetValueRefOrAddDefault(index, key, out _);
        (pairs ??= []).Add(pair);
    }
}

/// <summary>What one workload did with one destination since its counters began. Not changed once <see cref="Traffic"/> is made.</summary>
internal sealed class PairTraffic(Workload source, string destination)
{
    public Workload Source => source;

    public string Destination => destination;

    /// <summary>Bytes that the application sent out.</summary>
    public double Upload { get; private set; }

    /// <summary>Bytes that the application got back.</summary>
    public double Download { get; private set; }

    /// <summary>Requests, and connections that ended, without those that the mesh refused.</summary>
    public double Contacts { get; private set; }

    /// <summary>The requests and connections that the mesh refused.</summary>
    public double Refused { get; private set; }

    /// <summary>All requests and connections, refused or not.</summary>
    public HopAmounts Hop { get; private set; }

    /// <summary>Those of <see cref="Contacts"/> that REGISTRY_ONLY would refuse: neither a ServiceEntry registers them, nor do they go to an egress
    /// gateway.</summary>
    public double Unregistered => Contacts - Routes.GetValueOrDefault(Route.Registered) - Routes.GetValueOrDefault(Route.Gateway);

    /// <summary>What left by each route: <see cref="Contacts"/> and <see cref="Refused"/> together.</summary>
    public SortedDictionary<Route, double> Routes { get; } = [];

    /// <summary>Each port, route and protocol that was used. Where the mesh tells no port, it is empty.</summary>
    public HashSet<(string Port, Route Route, Protocol Protocol)> Ways { get; } = [];

    /// <summary>In the order of their numbers.</summary>
    public IEnumerable<string> Ports =>
        Ways.Select(way => way.Port).Where(port => port.Length > 0).Distinct().OrderBy(port => port.Length).ThenBy(port => port, StringComparer.Ordinal);

    public IEnumerable<Protocol> Protocols => Ways.Select(way => way.Protocol).Distinct().Order();

    public void Add(in SeriesKey key, double value)
    {
        Hop += HopAmounts.Of(key.Metric, value);
        switch (key.Metric)
        {
            case Metric.UploadBytes: Upload += value; break;
            case Metric.DownloadBytes: Download += value; break;
            case Metric.Requests or Metric.ConnectionsClosed:
                Routes[key.Route] = Routes.GetValueOrDefault(key.Route) + value;
                if (key.Route == Route.Blocked) Refused += value;
                else Contacts += value;
                break;
        }

        Routes.TryAdd(key.Route, 0);
        Ways.Add((key.Port, key.Route, key.Protocol));
    }
}
