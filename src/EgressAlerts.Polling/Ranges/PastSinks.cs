using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Takes the last value of an answer with one series.</summary>
internal sealed class ValueSink : ISeriesSink
{
    public double? Value { get; private set; }

    public void Restart() => Value = null;

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        if (samples.Length > 0 && samples[^1].IsCount) Value = samples[^1].Value;
    }
}

/// <summary>Takes the instants at which there was any series.</summary>
internal sealed class TimesSink : ISeriesSink
{
    public HashSet<DateTimeOffset> Times { get; } = [];

    public void Restart() => Times.Clear();

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        foreach (var sample in samples) Times.Add(DateTimeOffset.FromUnixTimeMilliseconds(sample.Milliseconds));
    }
}

/// <summary>Takes what was last known of each destination. Pieces come in order of time.</summary>
internal sealed class DestinationSink : ISeriesSink
{
    private readonly Dictionary<string, (long At, Destination Destination)> _known = [];

    public IReadOnlyDictionary<string, Destination> Destinations => _known.ToDictionary(one => one.Key, one => one.Value.Destination);

    /// <remarks>What an attempt that failed has told is true all the same.</remarks>
    public void Restart()
    {
    }

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        if (samples.Length == 0) return;
        var told = LabelReader.Read(labels);
        string Label(string name) => told.GetValueOrDefault(name, "");

        var (name, at) = (Label("destination"), samples[^1].Milliseconds);
        if (name.Length == 0 || !LabelValues.TryParse<NameSource>(Label("name_source"), out var source)) return;
        var found = new Destination(
            name, source, Label("confirmed") == "true", Label("owner"), Label("network"), Label("region"), Label("domain"));

        // Where two say different things at the same time, the one that trusts less counts.
        if (_known.TryGetValue(name, out var known) && (known.At > at || (known.At == at && !known.Destination.Confirmed))) return;
        _known[name] = (at, found);
    }
}

/// <summary>Takes the proxies of each workload.</summary>
internal sealed class ProxySink(TelemetryOptions telemetry) : ISeriesSink
{
    public Dictionary<Workload, HashSet<string>> Proxies { get; } = [];

    public void Restart() => Proxies.Clear();

    public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
    {
        var told = LabelReader.Read(labels);
        var source = new SeriesLabels(told, telemetry).Source;
        if (!Proxies.TryGetValue(source, out var proxies)) Proxies.Add(source, proxies = []);
        proxies.Add(told.GetValueOrDefault("instance", ""));
    }
}
