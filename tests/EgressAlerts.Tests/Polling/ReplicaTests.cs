using EgressAlerts.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

/// <summary>One counter, scraped by two servers with clocks and delays of their own, read through stores that merge them in their own ways, with real
/// restarts in between: nothing is counted that did not happen, and in the end everything is.</summary>
public sealed class ReplicaTests
{
    private const double Interval = 15;
    private const int Window = 30;

    public static TheoryData<Store> Stores => [.. Enum.GetValues<Store>()];

    /// <summary>How a store hands on what two replicas stored.</summary>
    public enum Store
    {
        /// <summary>Two series that differ in an external label.</summary>
        Duplicates,

        /// <summary>All samples in one series.</summary>
        Union,

        /// <summary>Thanos with <c>--deduplication.func=chain</c>.</summary>
        Chain,

        /// <summary>Thanos as it comes.</summary>
        Penalty,
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void Restarts_are_found_and_nothing_else_is_taken_for_one(Store store) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll<int>(ArbMap.Default.GeneratorFor<int>().ToArbitrary(), seed => Holds(store, seed)));

    private static void Holds(Store store, int seed)
    {
        var random = new Random(seed);
        var rate = random.Next(1, 1000);
        var lives = Lives(random);
        var end = lives[^1].End;
        var rests = end + (10 * Window); // The counter rests, so that what waits for a judgement gets it.
        Scrape[][] replicas = [.. Enumerable.Range(0, 2).Select(_ => Scrapes(random, lives, rate, rests))];
        var mesh = new TrackedMesh();
        var counted = 0.0;
        for (var number = 1; number * Window <= rests; number++)
        {
            mesh.Begin(number);
            mesh.Observe(TrackedMesh.Labels(("counter", "steady"), ("instance", "10.0.0.1:15090")), [.. Steady(number)]);
            foreach (var (labels, samples) in Answer(store, replicas, number)) mesh.Observe(labels, samples);
            counted += mesh.Commit() - Window;
            if (random.Next(10) == 0) mesh.Reload();
            var truth = Truth(replicas, number * Window);
            Assert.True(
                counted <= truth,
                $"{counted} were counted by the end of window {number}, and {truth} happened (seed {seed})\n{Text(replicas, number)}");
        }

        // What only one replica saw may be hidden by a store that prefers the other: a few scrapes of each life.
        var all = Truth(replicas, rests);
        var hidden = store == Store.Penalty ? lives.Count * 4 * Interval * rate : 0;
        Assert.True(counted >= all - hidden, $"{counted} were counted and {all} happened (seed {seed})\n{Text(replicas, (int)(rests / Window))}");
    }

    /// <summary>Lives of the counter, long enough that it is not back at its old height within a few scrapes of a restart.</summary>
    private static List<(double Start, double End)> Lives(Random random)
    {
        var lives = new List<(double, double)>();
        var start = 0.0;
        for (var life = 0; life < random.Next(1, 6); life++)
        {
            var end = start + (Interval * (8 + (random.NextDouble() * 8)));
            lives.Add((start, end));
            start = end;
        }

        return lives;
    }

    /// <summary>A scrape is stored under the time when it began, with what the counter had reached when it was answered.</summary>
    private static Scrape[] Scrapes(Random random, List<(double Start, double End)> lives, int rate, double until)
    {
        var phase = random.NextDouble() * Interval;
        var scrapes = new List<Scrape>();
        for (var at = phase; at < until; at += Interval)
        {
            if (random.Next(20) == 0) continue;
            var read = at + (random.Next(3) == 0 ? random.NextDouble() * Interval * 0.45 : 0.01);
            var life = lives.FindLastIndex(life => life.Start <= read);
            scrapes.Add(new(Math.Round(at + (random.Next(-5, 6) / 1000.0), 3), life, Math.Floor(rate * (Math.Min(read, lives[life].End) - lives[life].Start))));
        }

        return [.. scrapes];
    }

    private static IEnumerable<(string Labels, (double, double)[] Samples)> Answer(Store store, Scrape[][] replicas, int number)
    {
        var (from, until) = (((number - 1) * Window) - 120, number * Window);
        var seen = replicas.Select(scrapes => (IReadOnlyList<(long Milliseconds, double Value)>)
        [
            .. scrapes.Where(scrape => scrape.At > from && scrape.At <= until)
                .Select(scrape => ((long)Math.Round(scrape.At * 1000), scrape.Value)),
        ]).ToArray();
        if (store == Store.Duplicates) return seen.Select((samples, replica) => (Labels($"{replica}"), Seconds(samples)));
        var merged = store switch
        {
            Store.Union => ReplicaMerge.Union(seen),
            Store.Chain => ReplicaMerge.Chain(seen),
            _ => ReplicaMerge.Penalty(seen),
        };
        return [(Labels(""), Seconds(merged))];

        static string Labels(string replica) => TrackedMesh.Labels(("counter", "x"), ("instance", "10.0.0.1:15090"), ("replica", replica));

        static (double, double)[] Seconds(IReadOnlyList<(long Milliseconds, double Value)> samples) =>
            [.. samples.Select(sample => (sample.Milliseconds / 1000.0, sample.Value))];
    }

    /// <summary>Another counter of the job, by which its scrape interval is known. It grows by one a second.</summary>
    private static IEnumerable<(double, double)> Steady(int number) =>
        Enumerable.Range(0, 11).Select(i => ((number - 5) * Window) + (i * Interval)).Where(at => at > 0 && at <= number * Window).Select(at => (at, at));

    private static double Truth(Scrape[][] replicas, double until) =>
        replicas.SelectMany(scrapes => scrapes)
            .Where(scrape => scrape.At <= until)
            .GroupBy(scrape => scrape.Life)
            .Sum(life => life.Max(scrape => scrape.Value));

    private static string Text(Scrape[][] replicas, int number) => string.Join('\n', replicas
        .SelectMany((scrapes, replica) => scrapes.Select(scrape => (replica, scrape)))
        .Where(entry => Math.Abs(entry.scrape.At - (number * Window)) < 150)
        .OrderBy(entry => entry.scrape.At));

    private sealed record Scrape(double At, int Life, double Value);
}
