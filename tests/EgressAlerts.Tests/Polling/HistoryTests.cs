using System.Text;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

/// <summary>Any history of counters, read in windows through anything that goes wrong, sums at the end of every window to what a plain loop over
/// the samples says that were stored by then.</summary>
public sealed class HistoryTests
{
    private const int Series = 3;
    private static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Every_stored_sample_counts_once_at_the_end_of_every_window()
    {
        var event_ =
            from gap in Gen.Frequency((8, Gen.Choose(100, 20_000)), (2, Gen.Choose(1, 50)), (1, Gen.Choose(60_000, 900_000))) // Failed scrapes; a clock that steps forward.
            from what in Gen.Frequency((12, Gen.Constant(Growth.Grows)), (3, Gen.Constant(Growth.Rests)), (3, Gen.Constant(Growth.Restarts)), (1, Gen.Constant(Growth.Stale)), (1, Gen.Constant(Growth.Nonsense)))
            from amount in Gen.Choose(0, 1_000_000)
            from isLate in Gen.Frequency((6, Gen.Constant(false)), (1, Gen.Constant(true)))
            select new Event(gap, what, amount, isLate);
        var trouble = from kind in Gen.Choose(0, 9) from cut in Gen.Choose(0, Series) select (kind, cut);
        var histories =
            from series in event_.ArrayOf().ArrayOf(Series)
            from window in Gen.Choose(1_000, 90_000) // Mostly no multiple of any scrape interval.
            from troubles in trouble.ArrayOf(64)
            select (series, window, troubles);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(histories.ToArbitrary(), history => Holds(history.series, history.window, history.troubles)));
    }

    private static bool Holds(Event[][] events, int length, (int Kind, int Cut)[] troubles)
    {
        var stored = events.Select(series => Stored(series, length)).ToArray();
        var windows = stored.SelectMany(series => series).Select(sample => sample.Window).DefaultIfEmpty(0).Max() + 1;
        var tracker = new CounterTracker();
        var counted = 0.0;
        for (var number = 1; number <= windows; number++)
        {
            var (kind, cut) = troubles[number % troubles.Length];
            tracker.Begin(WindowAt(number, length));
            if (kind == 0)
            {
                // The attempt at the window fails in the middle of an answer.
                Read(tracker, stored.Take(cut), number, length, isLeftOpen: true);
                tracker.Begin(WindowAt(number, length));
            }

            tracker.BeginQuery();
            if (kind == 1)
            {
                // The connection breaks and the query is sent again.
                Read(tracker, stored.Take(cut), number, length, isLeftOpen: true);
                tracker.RestartQuery();
            }

            Read(tracker, stored, number, length, isLeftOpen: kind % 2 == 0);
            if (kind == 2) Read(tracker, stored.Take(cut), number, length, isLeftOpen: true); // Some come twice.
            counted += tracker.Commit().Sum(growth => growth.Grown + growth.Born);
            if (kind == 3) tracker = Copy(tracker);
            if (kind == 4) tracker.Declassify();
            if (counted != stored.Sum(series => Oracle(series.Where(sample => sample.Window <= number)))) return false;
        }

        return true;
    }

    /// <summary>What Prometheus stores of a counter, and with which window each sample can first be read: with the one it lies in, or one later.</summary>
    private static List<(int Window, Sample Sample)> Stored(Event[] events, int length)
    {
        var samples = new List<(int, Sample)>();
        var (time, value, first) = (0L, 0.0, 1);
        foreach (var (gap, what, amount, isLate) in events)
        {
            time += gap;
            value = what switch { Growth.Grows => value + amount, Growth.Restarts => amount, _ => value };
            var shown = what switch { Growth.Stale => double.NaN, Growth.Nonsense => amount % 2 == 0 ? double.PositiveInfinity : -amount, _ => value };
            var inside = (int)((time + length - 1) / length);
            first = Math.Max(first, isLate ? inside + 1 : inside); // A server shows what it appended in order.
            if (first > inside + 1) continue;
            samples.Add((first, new Sample(Epoch.ToUnixTimeMilliseconds() + time, shown)));
        }

        return samples;
    }

    private static double Oracle(IEnumerable<(int Window, Sample Sample)> samples)
    {
        var (sum, last) = (0.0, 0.0);
        foreach (var (_, sample) in samples)
        {
            if (!double.IsFinite(sample.Value) || sample.Value < 0) continue;
            sum += sample.Value < last ? sample.Value : sample.Value - last;
            last = sample.Value;
        }

        return sum;
    }

    /// <summary>The answer to <c>m[2 windows]</c>; Prometheus 3 leaves out a sample at its left edge, Prometheus 2 does not.</summary>
    private static void Read(CounterTracker tracker, IEnumerable<List<(int Window, Sample Sample)>> stored, int number, int length, bool isLeftOpen)
    {
        var end = WindowAt(number, length).End.ToUnixTimeMilliseconds();
        foreach (var (series, samples) in stored.Index())
        {
            var seen = samples
                .Where(entry => entry.Window <= number && entry.Sample.Milliseconds <= end && entry.Sample.Milliseconds >= end - (2 * length) + (isLeftOpen ? 1 : 0))
                .Select(entry => entry.Sample)
                .ToArray();
            if (seen.Length == 0) continue;
            var slot = tracker.Slot(Encoding.UTF8.GetBytes($"{{\"series\":\"{series}\"}}"), out _, out var isClassified);
            if (!isClassified) tracker.Classify(slot, Classified.Out(RawMetric.All[series % 2], "test", "job"));
            tracker.Observe(slot, seen);
        }
    }

    private static CounterTracker Copy(CounterTracker tracker)
    {
        using var state = new MemoryStream();
        tracker.Save(new BinaryWriter(state));
        state.Position = 0;
        var copy = new CounterTracker();
        copy.Load(new BinaryReader(state));
        return copy;
    }

    private static Window WindowAt(int number, int length) => new(Epoch.AddMilliseconds((number - 1L) * length), Epoch.AddMilliseconds((long)number * length));

    private enum Growth
    {
        Grows,
        Rests,
        Restarts,
        Stale,
        Nonsense,
    }

    private sealed record Event(int Gap, Growth What, int Amount, bool IsLate);
}
