namespace EgressAlerts.Detection;

/// <summary>What several workloads send to one group of destinations in this hour, and whether that fires.</summary>
internal sealed class SpreadUpload : FiringState
{
    private const int Shown = 5;

    public required Destination Destination { get; init; }

    public List<SpreadPart> By { get; init; } = [];

    /// <summary>The most within an hour since it fires.</summary>
    public double Sum { get; set; }

    /// <summary>What was usual in that hour.</summary>
    public double Limit { get; set; }

    /// <summary>How many workloads sent it.</summary>
    public int Sources { get; set; }

    /// <summary>The workloads that had sent most when it began. The alert has the name of the first.</summary>
    public IReadOnlyList<SpreadPart> Most { get; set; } = [];

    public void Fire(DateTimeOffset now, double sum, double limit, List<SpreadPart> parts)
    {
        if (Fire(now))
        {
            Sum = 0;
            Most = [.. parts.OrderByDescending(part => part.Bytes).ThenBy(part => $"{part.Source}", StringComparer.Ordinal).Take(Shown)];
        }

        if (sum > Sum) (Sum, Limit, Sources) = (sum, limit, parts.Count);
    }
}

/// <param name="Bytes">Sent in this hour.</param>
internal sealed record SpreadPart(Workload Source, double Bytes);
