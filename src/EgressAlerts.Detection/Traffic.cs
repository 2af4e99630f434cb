using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What a workload did with a destination by one route in one window: a flow's increments, summed.</summary>
/// <param name="isSettled">Whether its name is final; it may then be of an earlier window.</param>
internal sealed class Traffic(Flow flow, Destination destination, PolicyTags tags, bool isSettled)
{
    /// <summary>Envoy's flags of connections that came to nothing: failure, no healthy host, no cluster, no route, attempts used up.</summary>
    private static readonly string[] Refusals = ["UF", "UH", "NC", "NR", "URX"];

    public Flow Flow => flow;

    public Destination Destination => destination;

    public PolicyTags Tags => tags;

    public bool IsSettled => isSettled;

    /// <summary>Requests, and connections that ended: the opening of a connection is counted again when it closes.</summary>
    public double Count { get; private set; }

    /// <summary>How many of them came to nothing: they carried nothing.</summary>
    public double Failed { get; private set; }

    /// <summary>Bytes that the application sent out.</summary>
    public double Upload { get; private set; }

    /// <summary>Bytes that the application got back.</summary>
    public double Download { get; private set; }

    /// <summary>True where the mesh refused it or nobody answered.</summary>
    public bool IsRefused { get; private set; } = flow.Route == Route.Blocked;

    public bool IsBlocked => flow.Route == Route.Blocked;

    public RefutedClaim? Refuted { get; private set; }

    /// <summary>What it is, whatever it is called.</summary>
    public string Key { get; } = flow.To.Key;

    /// <summary>What a workload's habits know it by: a name that somebody vouches for, so that another address of a known name is no news; else what it is.
    /// A name that nobody vouches for silences nothing: whoever exfiltrates would call his server like a known one. Nor does one that stands for many
    /// machines of many owners, such as <c>*.compute-1.amazonaws.com</c> or <c>private</c>.</summary>
    public string KnownAs { get; } = destination is { Confirmed: true, IsShared: false } ? destination.Name : flow.To.Key;

    /// <summary>Whether the workload has not talked to it within the memory.</summary>
    public bool IsNew { get; set; }

    /// <summary>When the workload first talked to it, within the memory.</summary>
    public DateTimeOffset Met { get; set; }

    public Signs Signs => (IsBlocked ? Signs.Blocked : 0) | (IsRefused ? Signs.Refused : 0) | (Refuted is null ? 0 : Signs.Refuted)
        | (destination.Source == NameSource.Special ? Signs.Special : 0) | (IsNew ? Signs.New : 0);

    public void Add(in NamedIncrement seen)
    {
        var amount = seen.Increment.Amount;
        var flags = seen.Increment.Id.ResponseFlags;
        var isFailed = flags.Length > 1 && (Refusals.Contains(flags) || (flags.Contains(',', StringComparison.Ordinal) && flags.Split(',').Any(Refusals.Contains)));
        switch (seen.Increment.Metric)
        {
            case Metric.Requests or Metric.ConnectionsClosed: (Count, Failed) = (Count + amount, isFailed ? Failed + amount : Failed); break;
            case Metric.UploadBytes: Upload += amount; break;
            case Metric.DownloadBytes: Download += amount; break;
        }

        IsRefused |= isFailed;
        Refuted ??= seen.Refuted;
    }
}

/// <summary>What one workload did in a window.</summary>
/// <param name="Options">The settings that hold for it.</param>
internal sealed record WorkloadTraffic(Workload Source, DetectionOptions Options, Habit Habit, List<Traffic> To)
{
    /// <summary>What there is among it: a detector that looks for what is rare need not go through all of it. Known once all of the window is met.</summary>
    public Signs Signs { get; private set; }

    public void Sum()
    {
        foreach (var traffic in To) Signs |= traffic.Signs;
    }
}

/// <summary>What some traffic is that most is not.</summary>
[Flags]
internal enum Signs
{
    None = 0,

    /// <summary>The mesh refused it.</summary>
    Blocked = 1,

    /// <summary>The mesh refused it, or nobody answered.</summary>
    Refused = 2,

    /// <summary>A name that the client claimed leads elsewhere.</summary>
    Refuted = 4,

    /// <summary>It goes to an address that special standards name, such as the metadata service.</summary>
    Special = 8,

    /// <summary>The workload has not talked to it within the memory.</summary>
    New = 16,
}

/// <summary>A window as detectors see it.</summary>
/// <param name="Seen">Everything that the window showed, under the best name known now.</param>
/// <param name="Settled">What has its final name since this window, also of earlier ones.</param>
internal sealed record Sighting(Window Window, IReadOnlyList<WorkloadTraffic> Seen, IReadOnlyList<WorkloadTraffic> Settled);
