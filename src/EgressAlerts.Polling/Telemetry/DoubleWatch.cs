using System.Text;

namespace EgressAlerts.Polling;

/// <summary>Notices egress series that are there twice. Two jobs may scrape the same proxy (ports 15090 and 15020), or one query API may show two replicas of
/// Prometheus. Where <c>up</c> tells the target labels, each counter is counted once, but it is still read twice.</summary>
/// <remarks>Looks at a sample of the series, chosen by what Istio says of them, so that a series and its double are both in it or both not.</remarks>
internal sealed class DoubleWatch(TelemetryOptions options)
{
    /// <summary>Beyond this many, every second one is dropped, and so on.</summary>
    private const int MaxSampled = 1024;

    private const int MaxVariants = 8;

    /// <summary>Where a proxy shows its own metrics; 15020 merges them with the application's.</summary>
    private const string EnvoyPort = "15090";

    private static readonly string[] IstioLabels =
    [
        "__name__", "reporter", "source_workload", "source_workload_namespace", "source_principal", "source_app", "source_version", "source_cluster",
        "source_canonical_service", "source_canonical_revision", "destination_workload", "destination_workload_namespace", "destination_principal",
        "destination_app", "destination_version", "destination_cluster", "destination_service", "destination_service_name", "destination_service_namespace",
        "destination_canonical_service", "destination_canonical_revision", "request_protocol", "response_code", "grpc_response_status", "response_flags",
        "connection_security_policy",
    ];

    private readonly string[] _identity =
        [.. IstioLabels, .. options.DestinationIp, .. options.DestinationPort, .. options.Sni, .. options.Host, .. options.Path];

    private readonly SeriesHash _hash = SeriesHash.Random();
    private readonly Dictionary<ulong, List<Variant>> _sampled = [];
    private readonly StringBuilder _text = new();
    private ulong _mask;

    /// <summary>Takes a series that counts egress and was not known before.</summary>
    public void Offer(CounterTracker tracker, int row, IReadOnlyDictionary<string, string> read)
    {
        if (!read.TryGetValue("instance", out var instance)) return;
        var fingerprint = Fingerprint(read, AddressText.Split(instance).Host);
        if ((fingerprint & _mask) != 0) return;
        if (!_sampled.TryGetValue(fingerprint, out var variants)) _sampled.Add(fingerprint, variants = []);
        var id = tracker.Known.Series[row].Key;
        if (variants.Count < MaxVariants && !variants.Exists(variant => variant.Id == id))
            variants.Add(new(id, tracker.Known.CounterKey(row), tracker.Reading, Scrape(read)));
        while (_sampled.Count > MaxSampled)
        {
            _mask = (_mask << 1) | 1;
            foreach (var old in _sampled.Keys.Where(key => (key & _mask) != 0).ToList()) _sampled.Remove(old);
        }
    }

    /// <summary>The matcher that leaves one of each, or null where nothing is there twice.</summary>
    /// <param name="overlap">For how many windows both must have been seen: a series whose labels changed is not there twice.</param>
    public Doubles? Find(CounterTracker tracker, uint overlap)
    {
        var (alive, pairs) = (0, new List<(Variant, Variant)>());
        foreach (var (fingerprint, variants) in _sampled.ToList())
        {
            variants.RemoveAll(variant => tracker.Known.LastSeen(variant.Id) == 0);
            if (variants.Count == 0) _sampled.Remove(fingerprint);
            else alive++;
            pairs.AddRange(variants
                .SelectMany((one, i) => variants.Skip(i + 1).Select(other => (one, other)))
                .Where(pair => Differences(pair.one, pair.other).Any() && BothSeen(pair.one, pair.other) >= overlap)
                .Take(1));
        }

        if (pairs.Count == 0) return null;
        var label = pairs.SelectMany(pair => Differences(pair.Item1, pair.Item2))
            .GroupBy(name => name).OrderByDescending(Weight).ThenBy(group => group.Key, StringComparer.Ordinal).First().Key;

        // The one to keep is the one that has the most series, also of those that are there once.
        var doubled = pairs.SelectMany(pair => (string[])[Value(pair.Item1), Value(pair.Item2)]).ToHashSet();
        var values = _sampled.Values.SelectMany(variants => variants).Select(Value).Where(doubled.Contains)
            .GroupBy(value => value)
            .OrderByDescending(group => group.Count()).ThenByDescending(group => group.Key == EnvoyPort).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => group.Key)
            .ToList();
        var matcher = label == "instance" ? $"instance=~\".+:{values[0]}\"" : $"{label}=\"{values[0]}\"";
        return new Doubles((double)pairs.Count / alive, pairs.TrueForAll(pair => pair.Item1.Counter == pair.Item2.Counter), label, values, matcher);

        string Value(Variant variant)
        {
            var value = variant.Scrape.GetValueOrDefault(label, "");
            return label == "instance" ? AddressText.Split(value).Port : value;
        }

        // For how many windows both have been seen; negative where the one ended before the other began.
        long BothSeen(Variant one, Variant other) =>
            (long)Math.Min(tracker.Known.LastSeen(one.Id), tracker.Known.LastSeen(other.Id)) - Math.Max(one.FirstSeen, other.FirstSeen);
    }

    /// <summary>A replica's label separates cleanly; then the job; the port only where one job scrapes both.</summary>
    private static int Weight(IGrouping<string, string> label) => label.Key switch { "instance" => 0, "job" => 1, _ => 2 };

    private static IEnumerable<string> Differences(Variant one, Variant other) =>
        one.Scrape.Keys.Union(other.Scrape.Keys).Where(name => one.Scrape.GetValueOrDefault(name) != other.Scrape.GetValueOrDefault(name));

    /// <summary>The labels that say who scraped, and through which port.</summary>
    private static Dictionary<string, string> Scrape(IReadOnlyDictionary<string, string> labels) => labels
        .Where(label => label.Key is "job" or "instance" or "prometheus" || label.Key.Contains("replica", StringComparison.Ordinal))
        .ToDictionary();

    private ulong Fingerprint(IReadOnlyDictionary<string, string> labels, string host)
    {
        _text.Clear().Append(host);
        foreach (var name in _identity) _text.Append('\n').Append(labels.GetValueOrDefault(name, ""));
        return _hash.Compute(Encoding.UTF8.GetBytes(_text.ToString()));
    }

    /// <param name="Id">The hash of its label set.</param>
    /// <param name="Counter">The counter that it shows, as far as that is known.</param>
    private sealed record Variant(ulong Id, ulong Counter, uint FirstSeen, Dictionary<string, string> Scrape);
}

/// <summary>What is there more than once.</summary>
/// <param name="Share">Of the egress series, 0 to 1, estimated.</param>
/// <param name="AreOnce">Whether they are known to be the same counters, which are counted once.</param>
/// <param name="Label">The label that tells them apart.</param>
/// <param name="Values">Its values; the one to keep comes first.</param>
internal sealed record Doubles(double Share, bool AreOnce, string Label, IReadOnlyList<string> Values, string Matcher);
