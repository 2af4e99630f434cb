using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

/// <summary>Any history of counters, read in windows through anything that goes wrong, sums at the end of every window to what a plain loop over
/// the samples says that were stored by then.</summary>
public sealed class HistoryTests
{
    private const int Counters = 3;
    private const int LateWindows = 3;

    [Fact]
    public void Every_stored_sample_counts_once_at_the_end_of_every_window()
    {
        var event_ =
            from missed in Gen.Frequency((9, Gen.Constant(0)), (2, Gen.Choose(1, 3)), (1, Gen.Choose(4, 40)))
            from what in Gen.Frequency(
                (12, Gen.Constant(Growth.Grows)),
                (3, Gen.Constant(Growth.Rests)),
                (3, Gen.Constant(Growth.Restarts)),
                (1, Gen.Constant(Growth.Stale)),
                (1, Gen.Constant(Growth.Nonsense)))
            from amount in Gen.Choose(0, 1_000_000)
            from late in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Choose(1, LateWindows - 1)))
            from jitter in Gen.Choose(-5, 5)
            from relabelled in Gen.Frequency((12, Gen.Constant(false)), (1, Gen.Constant(true)))
            select new Event(missed, what, amount, late, jitter, relabelled);
        var trouble = from kind in Gen.Choose(0, 11) from cut in Gen.Choose(0, Counters) select (kind, cut);
        var histories =
            from counters in event_.ArrayOf().ArrayOf(Counters)
            from interval in Gen.Elements(1, 5, 15, 30)
            from window in Gen.Choose(1, 4)
            from troubles in trouble.ArrayOf(64)
            from weekend in Gen.Choose(0, 20)
            select new History(counters, interval, interval * window, troubles, weekend);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll<History>(histories.ToArbitrary(), Holds));
    }

    private static void Holds(History history)
    {
        var length = history.Window;
        var stored = history.Counters.Select((events, counter) => Stored(events, counter, history)).ToList();
        stored.Add(Steady(stored, history)); // Says how often the job scrapes: histories may be too short to tell.
        var windows = stored.SelectMany(series => series).Select(sample => sample.Window).Max() + 1;
        var mesh = new TrackedMesh(TimeSpan.FromSeconds(length * LateWindows), length);
        var counted = 0.0;
        for (var number = 1; number <= windows; number++)
        {
            var (kind, cut) = history.Troubles[number % history.Troubles.Length];
            mesh.Begin(number);
            if (kind == 0)
            {
                // The attempt at the window fails in the middle of an answer.
                Read(mesh, stored.Take(cut), number, history, isLeftOpen: true);
                mesh.Begin(number);
            }

            mesh.Tracker.BeginQuery();
            if (kind == 1)
            {
                // The connection breaks and the query is sent again.
                Read(mesh, stored.Take(cut), number, history, isLeftOpen: true);
                mesh.Tracker.RestartQuery();
            }

            Read(mesh, stored, number, history, isLeftOpen: kind % 2 == 0);
            if (kind == 2) Read(mesh, stored.Take(cut), number, history, isLeftOpen: true); // Some come twice.
            counted += mesh.Commit();
            if (kind is 3 or 5) mesh.Reload();
            if (kind is 4 or 5) mesh.Tracker.ForgetNames(); // The source has moved.
            if (kind == 6) mesh.Tracker.Known.Declassify();
            var near = stored.SelectMany(series => series).Where(sample => Math.Abs(sample.Window - number) < 8 && sample.Counter < Counters);
            Assert.True(
                counted == Oracle(stored, number),
                $"{counted} were counted by the end of window {number} where {Oracle(stored, number)} were stored, of\n{string.Join('\n', near)}");
        }
    }

    /// <summary>What Prometheus stores of a counter, and with which window each sample can first be read: with the one it lies in, or one later.</summary>
    private static List<Stored_> Stored(Event[] events, int counter, History history)
    {
        var samples = new List<Stored_>();
        var (scrape, value, version) = (1, 0.0, 0);
        foreach (var (index, step) in events.Index())
        {
            scrape += 1 + step.Missed + (index == 5 && history.Weekend == 1 ? 3 * 24 * 3600 / history.Interval : 0);
            value = step.What switch { Growth.Grows => value + step.Amount, Growth.Restarts => step.Amount, _ => value };
            if (step.IsRelabelled) version++;
            var shown = step.What switch
            {
                Growth.Stale => double.NaN,
                Growth.Nonsense => step.Amount % 2 == 0 ? double.PositiveInfinity : -step.Amount,
                _ => value,
            };
            var time = (scrape * history.Interval) - (history.Interval / 2.0) + (counter * history.Interval / 7.0) + (step.Jitter / 1000.0);
            samples.Add(new((int)Math.Ceiling(time / history.Window) + step.Late, time, shown, version, counter));
        }

        return samples;
    }

    private static List<Stored_> Steady(List<List<Stored_>> others, History history)
    {
        var busy = others.SelectMany(series => series)
            .Select(sample => (int)Math.Ceiling(sample.Time / history.Window))
            .DefaultIfEmpty(1)
            .SelectMany(window => new[] { window - 1, window, window + 1 })
            .ToHashSet();
        return
        [
            .. Enumerable.Range(0, ((busy.Max() + 1) * history.Window / history.Interval) + 1)
                .Select(scrape => scrape * (double)history.Interval)
                .Select(time => new Stored_((int)Math.Ceiling(time / history.Window), time, time, 0, Counters))
                .Where(sample => busy.Contains(sample.Window)),
        ];
    }

    private static double Oracle(List<List<Stored_>> stored, int number) => stored.Sum(series => Oracle(series.Where(sample => sample.Window <= number)));

    private static double Oracle(IEnumerable<Stored_> samples)
    {
        var (sum, last) = (0.0, 0.0);
        foreach (var sample in samples.OrderBy(sample => sample.Time))
        {
            if (!double.IsFinite(sample.Value) || sample.Value < 0) continue;
            sum += sample.Value < last ? sample.Value : sample.Value - last;
            last = sample.Value;
        }

        return sum;
    }

    /// <summary>The answer for all that is not settled yet; Prometheus 3 leaves out a sample at its left edge, Prometheus 2 does not.</summary>
    private static void Read(TrackedMesh mesh, IEnumerable<List<Stored_>> stored, int number, History history, bool isLeftOpen)
    {
        var (end, start) = (number * history.Window, (number - 1 - LateWindows) * history.Window);
        foreach (var samples in stored)
        {
            var seen = samples.Where(sample => sample.Window <= number && sample.Time <= end && (isLeftOpen ? sample.Time > start : sample.Time >= start));
            foreach (var series in seen.GroupBy(sample => sample.Version))
            {
                var labels = TrackedMesh.Labels(("counter", $"{series.First().Counter}"), ("instance", "10.0.0.1:15090"), ("version", $"{series.Key}"));
                mesh.Observe(labels, [.. series.OrderBy(sample => sample.Time).Select(sample => (sample.Time, sample.Value))]);
            }
        }
    }

    private enum Growth
    {
        Grows,
        Rests,
        Restarts,
        Stale,
        Nonsense,
    }

    /// <param name="Missed">Scrapes that failed before this one.</param>
    /// <param name="Late">By how many windows its sample comes late.</param>
    private sealed record Event(int Missed, Growth What, int Amount, int Late, int Jitter, bool IsRelabelled);

    /// <param name="Interval">Of scrapes, in seconds.</param>
    /// <param name="Weekend">Where it is 1, nothing at all is scraped for three days.</param>
    private sealed record History(Event[][] Counters, int Interval, int Window, (int Kind, int Cut)[] Troubles, int Weekend);

    private sealed record Stored_(int Window, double Time, double Value, int Version, int Counter);
}
