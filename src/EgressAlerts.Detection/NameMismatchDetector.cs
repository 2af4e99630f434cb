using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNameMismatch</c>: a client claims a name that does not lead to the address it talks to. One finding per workload and destination, until it has been quiet.</summary>
internal sealed class NameMismatchDetector(NameMismatchOptions options, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressNameMismatch";

    private readonly Episodes _episodes = new(Name, options.Quiet, metrics);

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _episodes.Active.Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Episode));

    public void Observe(NamedReading named)
    {
        // Whether a claim is false is known a minute late: what waited for that is settled, not seen, in this window.
        foreach (var settled in named.Settled)
        {
            if (settled.Refuted is { } claim && settled.Flow.Route != Route.Blocked) _episodes.Note(settled, named.Window.End, Detail(claim));
        }

        _episodes.End(named.Window.End);
    }

    public void Save(BinaryWriter to) => _episodes.Save(to);

    public void Load(BinaryReader from) => _episodes.Load(from);

    private static string Detail(RefutedClaim claim) =>
        $"{(claim.Source == NameSource.Sni ? "the TLS server name" : "the Host header")} {Text.Unlinked(claim.Name)}, which {claim.Evidence}";

    private Finding Found(Workload source, string destination, Episode forged) => new(
        Name,
        options.Severity,
        source,
        destination,
        forged.First,
        "A workload claims a name that does not lead to the address it talks to.",
        $"{source} talked to {Text.Of(forged.Flow, forged.Destination)} under {forged.Detail}. "
        + $"{Text.Times(forged.Count, "request or connection", "requests or connections")} and {Text.Bytes(forged.Upload)} sent out between {Text.Time(forged.First)} and {Text.Time(forged.Last)}. "
        + $"The counters name this destination by its address. Resolves after {Text.Length(options.Quiet)} without such traffic.",
        forged.Destination.Source,
        forged.Destination.Confirmed,
        Text.Evidence(source, destination, null));
}
