using EgressAlerts.Testing;
using Series = System.Collections.Generic.IReadOnlyList<(long Milliseconds, double Value)>;

namespace EgressAlerts.Tests.Testing;

/// <summary>Cases computed by hand. Times are written in seconds, and the value of a sample tells which replica it is from.</summary>
public sealed class ReplicaMergeTests
{
    /// <summary>Two replicas that scrape every 15 s, the second 7 s after the first.</summary>
    private static readonly Series A = Read("100@0 115@15 130@30 145@45 160@60"), B = Read("207@7 222@22 237@37 252@52");

    /// <summary>The samples of one counter in thanos-io/thanos issue 7623, which came from three replicas.</summary>
    private static readonly Series Reported = Read("78988@786.6 78989@787.413 78988@787.488 78995@806.6");

    [Fact]
    public void A_union_has_every_sample_also_two_of_the_same_millisecond()
    {
        Assert.Equal(Read("100@0 207@7 115@15 222@22"), ReplicaMerge.Union(Read("100@0 115@15"), Read("207@7 222@22")));
        Assert.Equal(Read("1@5 2@5 3@6"), ReplicaMerge.Union(Read("1@5 3@6"), Read("2@5")));
    }

    [Fact]
    public void A_chain_has_one_sample_for_each_millisecond()
    {
        Assert.Equal(Read("100@0 207@7 115@15 222@22"), ReplicaMerge.Chain(Read("100@0 115@15"), Read("207@7 222@22")));
        Assert.Equal(Read("1@5 3@6"), ReplicaMerge.Chain(Read("1@5 3@6"), Read("2@5")));
    }

    [Fact]
    public void Five_seconds_after_its_first_sample_the_penalty_algorithm_turns_to_the_other_replica_and_stays_with_it()
    {
        // B may speak after 5 s, and does at 7 s. A is then silent for 2 * 7 s, up to 21 s, and B's 22 comes before A's 30.
        // From there on A is silent for 2 * 15 s after each sample of B: after 37 s up to 67 s, so A's last sample is skipped too.
        Assert.Equal(Read("100@0 207@7 222@22 237@37 252@52"), ReplicaMerge.Penalty(A, B));
    }

    [Fact]
    public void A_range_that_begins_a_little_later_comes_from_the_other_replica()
    {
        // B's 7 is first now. A may speak after 12 s: its 15 comes before B's 22. B is then silent until 15 + 2 * 8 s, and for 30 s after each later sample.
        var (a, b) = (A.Skip(1).ToList(), B);
        Assert.Equal(Read("207@7 115@15 130@30 145@45 160@60"), ReplicaMerge.Penalty(a, b));
    }

    [Fact]
    public void A_replica_within_the_initial_penalty_is_not_heard_while_the_first_goes_on() =>
        Assert.Equal(Read("100@0 115@15 130@30"), ReplicaMerge.Penalty(Read("100@0 115@15 130@30"), Read("204@4 219@19 234@34")));

    [Fact]
    public void A_gap_is_filled_once_it_is_longer_than_the_penalty()
    {
        // After 15 s the other is silent for 2 * 15 s, up to 45 s: its 49 fills the gap. The gap was 34 s, so the first may speak again after 49 + 2 * 34 s.
        var a = Read("100@0 115@15 175@75 190@90 205@105 220@120 235@135");
        var b = Read("204@4 219@19 234@34 249@49 264@64");
        Assert.Equal(Read("100@0 115@15 249@49 264@64 220@120 235@135"), ReplicaMerge.Penalty(a, b));
    }

    [Fact]
    public void Samples_of_the_same_time_are_taken_from_the_first_replica() =>
        Assert.Equal(Read("1@0 2@10 3@20"), ReplicaMerge.Penalty(Read("1@0 2@10 3@20"), Read("9@0 9@10 9@20")));

    [Fact]
    public void A_third_replica_is_merged_with_the_result_of_the_first_two()
    {
        // The first two make one list with a sample every 15 s. The third is silent up to 30 + 2 * 15 s, and then goes on alone.
        var third = Read("304@4 319@19 334@34 349@49 364@64 379@79 394@94 409@109 424@124");
        Assert.Equal(Read("100@0 115@15 130@30 364@64 379@79 394@94 409@109 424@124"), ReplicaMerge.Penalty(Read("100@0 115@15 130@30"), [], third));
    }

    [Fact]
    public void A_single_replica_stays_as_it_is()
    {
        Assert.Equal(A, ReplicaMerge.Union(A));
        Assert.Equal(A, ReplicaMerge.Chain(A));
        Assert.Equal(A, ReplicaMerge.Penalty(A));
        Assert.Equal(A, ReplicaMerge.Penalty([], A));
    }

    [Fact]
    public void A_chain_of_three_replicas_two_of_which_end_yields_the_reported_inversion()
    {
        // The last replica has the latest timestamp and shows an older state, as after a scrape that was answered slowly elsewhere.
        Assert.Equal(Reported, ReplicaMerge.Chain(Read("78988@786.6 78995@806.6"), Read("78988@787.488"), Read("78989@787.413")));
        Assert.Equal(Reported, ReplicaMerge.Union(Read("78988@786.6 78995@806.6"), Read("78988@787.488"), Read("78989@787.413")));
    }

    [Fact]
    public void Penalties_of_whole_replicas_cannot_yield_the_reported_inversion_at_the_start_of_a_range()
    {
        // No second replica is heard within 5 s of the first sample, whichever it is.
        Series[] replicas = [Read("78988@786.6 78995@806.6"), Read("78989@787.413 78995@807.413"), Read("78988@787.488 78995@807.488")];
        foreach (var first in replicas)
        {
            foreach (var second in replicas.Where(replica => replica != first))
            {
                var third = replicas.Single(replica => replica != first && replica != second);
                Assert.Equal(Read("78988@786.6 78995@806.6"), ReplicaMerge.Penalty(first, second, third));
            }
        }
    }

    [Fact]
    public void Penalties_keep_the_reported_inversion_where_one_list_is_already_a_mix()
    {
        // Thanos lays chunks that do not overlap into one list, whichever replica they are from, before it applies penalties.
        Assert.Equal(Reported, ReplicaMerge.Penalty(Reported, Read("78995@807.413")));
    }

    [Fact]
    public void Penalties_yield_an_inversion_where_the_other_replica_fills_a_gap_with_an_older_state()
    {
        // The other replica reads a copy that is behind. The first misses its scrapes from 40 s on.
        var (first, behind) = (Read("10@0 20@20 70@120"), Read("5@3 8@23 12@43 18@63 30@83 40@103"));
        Assert.Equal(Read("10@0 20@20 18@63 30@83 40@103"), ReplicaMerge.Penalty(first, behind));
    }

    private static Series Read(string samples) =>
    [
        .. samples.Split(' ').Select(sample => sample.Split('@')).Select(sample => (
            (long)(decimal.Parse(sample[1], System.Globalization.CultureInfo.InvariantCulture) * 1000),
            double.Parse(sample[0], System.Globalization.CultureInfo.InvariantCulture))),
    ];
}
