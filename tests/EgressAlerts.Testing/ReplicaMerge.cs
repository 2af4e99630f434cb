using Samples = System.Collections.Generic.IReadOnlyList<(long Milliseconds, double Value)>;

namespace EgressAlerts.Testing;

/// <summary>What a store hands on for a bare range selector when several Prometheus replicas stored the same counter.</summary>
/// <remarks>
/// Each argument holds the samples of one replica in order of time; so does the result. Times are Unix milliseconds.
/// The behaviour was read in Thanos 0.43.0-dev (pkg/dedup/iter.go) and in Prometheus (storage/merge.go), which Thanos calls for "chain".
/// </remarks>
public static class ReplicaMerge
{
    /// <summary>How long the other replica must be silent at the start, where no gap between samples is known yet.</summary>
    private const long InitialPenalty = 5000;

    /// <summary>Every sample of every replica by time: a store without deduplication, such as one series into which two replicas write.</summary>
    public static Samples Union(params IReadOnlyList<Samples> replicas) => [.. replicas.SelectMany(samples => samples).OrderBy(sample => sample.Milliseconds)];

    /// <summary>Thanos Query with <c>--deduplication.func=chain</c>: as <see cref="Union"/>, but one sample for each millisecond.</summary>
    /// <remarks>Thanos does not say whose sample it keeps when two have the same time. Here it is the one of the earlier argument.</remarks>
    public static Samples Chain(params IReadOnlyList<Samples> replicas) => [.. Union(replicas).DistinctBy(sample => sample.Milliseconds)];

    /// <summary>Thanos Query as it comes (<c>--deduplication.func=penalty</c>), for a selector outside of rate, increase, irate and resets.</summary>
    /// <remarks>
    /// The earlier of the two next samples is taken. The other replica must then skip everything up to twice the last gap after it, or 5 s at the start.
    /// For example, after samples at 0 s and 15 s of one replica the other can take over 30 s later at the earliest, at 45 s.
    /// The choice begins anew at the left edge of every query, so two overlapping ranges can come from different replicas.
    /// Thanos repairs a counter that falls at a switch only for the functions named above. A third replica is merged with the result of the first two.
    /// </remarks>
    public static Samples Penalty(params IReadOnlyList<Samples> replicas) => replicas.Aggregate((Samples)[], Pairwise);

    private static Samples Pairwise(Samples a, Samples b)
    {
        var merged = new List<(long Milliseconds, double Value)>();
        var (nextA, nextB) = (0, 0);
        var (penaltyA, penaltyB) = (0L, 0L);
        while (true)
        {
            if (merged.Count > 0)
            {
                nextA = Skip(a, nextA, merged[^1].Milliseconds + penaltyA);
                nextB = Skip(b, nextB, merged[^1].Milliseconds + penaltyB);
            }

            if (nextA == a.Count && nextB == b.Count) return merged;
            var useA = nextB == b.Count || (nextA < a.Count && a[nextA].Milliseconds <= b[nextB].Milliseconds);
            var taken = useA ? a[nextA] : b[nextB];
            var penalty = merged.Count > 0 ? 2 * (taken.Milliseconds - merged[^1].Milliseconds) : InitialPenalty;
            (penaltyA, penaltyB) = useA ? (0L, penalty) : (penalty, 0L);
            merged.Add(taken);
        }
    }

    /// <summary>The position of the first sample that is later than <paramref name="time"/>.</summary>
    private static int Skip(Samples samples, int position, long time)
    {
        while (position < samples.Count && samples[position].Milliseconds <= time) position++;
        return position;
    }
}
