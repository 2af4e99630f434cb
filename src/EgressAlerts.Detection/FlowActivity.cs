namespace EgressAlerts.Detection;

/// <summary>What a workload did with a destination over one route in one window: the sum of a flow's increments.</summary>
/// <param name="tags">Labels and paths that policies ask for.</param>
/// <param name="stage">Of all increments in it. Where this is <see cref="NameStage.FinalLater"/>, they are of earlier windows.</param>
internal sealed class FlowActivity(Flow flow, Destination destination, PolicyTags tags, NameStage stage = NameStage.Final)
{
    /// <summary>Envoy's response flags of what never reached a server: failure, no healthy host, no cluster, no route, attempts used up.</summary>
    private static readonly string[] Failures = ["UF", "UH", "NC", "NR", "URX"];

    public Flow Flow => flow;

    public Workload Source => flow.Source;

    public RawDestination To => flow.To;

    public Destination Destination => destination;

    public PolicyTags Tags => tags;

    public NameStage Stage => stage;

    /// <summary>The end of the first window that showed any of it.</summary>
    public DateTimeOffset SeenAt { get; set; }

    /// <summary>Requests, and connections that ended. The opening of a connection is left out, because its end is counted.</summary>
    public double Count { get; private set; }

    /// <summary>How many of <see cref="Count"/> never reached a server, so that they carried nothing.</summary>
    public double Failed { get; private set; }

    /// <summary>Bytes that the application sent out.</summary>
    public double Upload { get; private set; }

    /// <summary>Bytes that the application got back.</summary>
    public double Download { get; private set; }

    /// <remarks>Held here because nearly every detector asks each of a window's flows, and another object would mean another cache miss.</remarks>
    public bool IsBlocked { get; } = flow.Route == Route.Blocked;

    /// <summary>Whether the mesh refused it or nobody answered.</summary>
    public bool IsRefused { get; private set; } = flow.Route == Route.Blocked;

    public RefutedClaim? Refuted { get; private set; }

    /// <summary>The first policy that matches under the name that is known now; null where none does.</summary>
    public Policy? Policy { get; set; }

    /// <summary>Whether a policy says that the contact is wanted.</summary>
    public bool IsAllowed => Policy is { Action: PolicyAction.Allow };

    /// <summary>Whether a policy says that any amount may be sent there.</summary>
    public bool IsAnyVolumeAllowed => Policy is { Action: PolicyAction.Allow, Volume: PolicyVolume.Any };

    /// <summary>What the destination is, whatever it is called: its address, or its host where the telemetry has no address.</summary>
    public string Key { get; } = flow.To.Key;

    /// <summary>What the workload's habits know the destination by: a confirmed name, else its <see cref="Key"/>.</summary>
    /// <remarks>An unconfirmed name would let malware call its server like a known one. A shared name, such as <c>*.compute-1.amazonaws.com</c> or
    /// <c>private</c>, stands for machines of many owners. Neither makes a destination known.</remarks>
    public string KnownAs { get; } = destination is { Confirmed: true, IsShared: false } ? destination.Name : flow.To.Key;

    /// <summary>Whether the workload has not talked to the destination within <c>detection.memory</c>, or only while a policy allowed it. False until the
    /// name is final.</summary>
    public bool IsNew { get; set; }

    /// <summary>When the workload first talked to the destination within <c>detection.memory</c>.</summary>
    public DateTimeOffset FirstContact { get; set; }

    public void Add(in NamedIncrement seen)
    {
        var amount = seen.Increment.Amount;
        var flags = seen.Increment.Id.ResponseFlags;
        var isFailed = flags.Length > 1
            && (Failures.Contains(flags) || (flags.Contains(',', StringComparison.Ordinal) && flags.Split(',').Any(Failures.Contains)));
        switch (seen.Increment.Metric)
        {
            case Metric.Requests or Metric.ConnectionsClosed: (Count, Failed) = (Count + amount, isFailed ? Failed + amount : Failed); break;
            case Metric.UploadBytes: Upload += amount; break;
            case Metric.DownloadBytes: Download += amount; break;
        }

        if (seen.SeenAt < SeenAt) SeenAt = seen.SeenAt.Value;
        IsRefused |= isFailed;
        Refuted ??= seen.Refuted;
    }
}
