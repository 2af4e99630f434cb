namespace EgressAlerts.Detection;

/// <summary>The <c>detection</c> section of the configuration.</summary>
public sealed record DetectionOptions
{
    public BlockedOptions Blocked { get; init; } = new();

    public NewDestinationOptions NewDestination { get; init; } = new();

    public NameMismatchOptions NameMismatch { get; init; } = new();
}

/// <summary>Settings of <c>EgressBlocked</c>.</summary>
public sealed record BlockedOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary><c>critical</c>, <c>warning</c> or <c>info</c>.</summary>
    public string Severity { get; init; } = "warning";

    /// <summary>The alert resolves when there was no attempt for this long.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>Settings of <c>EgressNewDestination</c>.</summary>
public sealed record NewDestinationOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary>Severity for a destination whose name is claimed, unconfirmed or missing.</summary>
    public string Severity { get; init; } = "warning";

    /// <summary>Severity for a destination that the mesh, the user or DNS in both directions vouches for.</summary>
    public string ConfirmedSeverity { get; init; } = "info";

    /// <summary>How long a workload must have been watched before something can be new for it; counted in time that was observed.</summary>
    public TimeSpan Learning { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a destination stays known after it was last talked to.</summary>
    public TimeSpan Memory { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The alert resolves when this long has passed since the first contact.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>Settings of <c>EgressNameMismatch</c>. Claims are only checked where <c>dns.confirm</c> is true.</summary>
public sealed record NameMismatchOptions
{
    public bool Enabled { get; init; } = true;

    /// <summary><c>critical</c>, <c>warning</c> or <c>info</c>.</summary>
    public string Severity { get; init; } = "warning";

    /// <summary>The alert resolves when there was no such traffic for this long.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromHours(1);
}
