using System.Runtime.InteropServices;

namespace EgressAlerts.Polling;

/// <summary>Computes what one counter grew by since its anchor, from the samples of every raw series that shows it.</summary>
/// <remarks>
/// <para>One proxy's counter can be read several times: by two jobs, by two Prometheus servers, or by two servers whose samples one store mixes into
/// one series. So samples can come in an order in which the counter seems to fall. A fall is judged within its own raw series:</para>
/// <list type="bullet">
/// <item>Samples around it are a scrape interval apart: one scraper sees them, and the counter was restarted.</item>
/// <item>They are closer, and one of the next two samples is back at the old height: two scrapers are interleaved, and the lower sample is stale.</item>
/// <item>They are closer, and the next two samples stay low: the counter was restarted.</item>
/// <item>The next two samples are not known yet: nothing is added until they are.</item>
/// </list>
/// <para>Then the raw series are merged by time. Each restart begins a new life of the counter. A sample adds what it exceeds the highest
/// sample of its life by. So a raw series that is behind adds nothing, and one that saw the end of a life later than another still counts it.</para>
/// </remarks>
internal sealed class CounterReplay
{
    /// <summary>Two scrapes of one scraper are never closer than this fraction of its interval.</summary>
    private const double Closest = 2.0 / 3;

    /// <summary>Where a fall was no restart, one of so many samples after it is back at the old height.</summary>
    private const int Patience = 2;

    /// <summary>Where two scrapers are interleaved, each has at least one of so many samples before a fall.</summary>
    private const int Depth = 3;

    private readonly List<Step> _steps = [];
    private readonly List<Life> _lives = [];
    private readonly List<(int Life, long Milliseconds, double Value)> _heights = [];
    private readonly List<Source> _sources = [];
    private double _closest;
    private bool _judgesAll;

    /// <param name="series">The samples of each raw series since the anchor, in order of time, without any that is no count.</param>
    /// <param name="anchor">The counter's value at its anchor; 0 for a counter never seen before.</param>
    /// <param name="from">The time of the anchor in milliseconds: all samples are later.</param>
    /// <param name="horizon">Samples up to here, in milliseconds, will not be read again: the next anchor is here, or soon after.</param>
    /// <param name="interval">The scrape interval that is usual for the job, in milliseconds; 0 where it is not known.</param>
    /// <param name="afterGap">True where no sample was read for so long that a first sample below the anchor can only be a restart.</param>
    /// <param name="judgesAll">True where no fall may wait for the samples that follow it.</param>
    public Outcome Run(IReadOnlyList<Sample[]> series, double anchor, long from, long horizon, long interval, bool afterGap, bool judgesAll = false)
    {
        _judgesAll = judgesAll;
        _steps.Clear();
        _closest = interval * Closest;
        from = Math.Max(from, long.MinValue / 2); // So that times since then can be computed.
        for (var source = 0; source < series.Count; source++)
            Judge(series[source], source, anchor, from, horizon, Smaller(OwnInterval(series[source]), interval), afterGap);

        // Two replicas may have scraped in the same millisecond: the lower value is the older one.
        _steps.Sort((a, b) => a.Milliseconds != b.Milliseconds ? a.Milliseconds.CompareTo(b.Milliseconds) : a.Value.CompareTo(b.Value));
        return Merge(series.Count, anchor, from, horizon);
    }

    /// <summary>The smallest gap between samples that occurs twice in a row, in milliseconds; 0 where there is none.</summary>
    internal static long OwnInterval(ReadOnlySpan<Sample> samples)
    {
        var found = 0L;
        for (var i = 2; i < samples.Length; i++)
        {
            var gap = EvenGap(samples[i - 2].Milliseconds, samples[i - 1].Milliseconds, samples[i].Milliseconds);
            if (gap > 0 && (found == 0 || gap < found)) found = gap;
        }

        return found;
    }

    /// <summary>The gap between three instants where both gaps are the same within 2 % or 20 ms, else 0.</summary>
    internal static long EvenGap(long first, long second, long third)
    {
        var (before, after) = (second - first, third - second);
        return Math.Abs(before - after) <= Math.Max(20, after / 50) ? Math.Max(before, after) : 0;
    }

    /// <summary>The smaller of two known intervals. The larger one may come from missed scrapes.</summary>
    private static long Smaller(long one, long other) => one == 0 || other == 0 ? Math.Max(one, other) : Math.Min(one, other);

    /// <summary>Turns the samples of one raw series into steps. Each step has a life of the counter, as this series sees it.</summary>
    private void Judge(ReadOnlySpan<Sample> samples, int source, double anchor, long from, long horizon, long interval, bool afterGap)
    {
        var (peak, life, before) = (anchor, 0, -1);
        for (var i = 0; i < samples.Length; i++)
        {
            var (at, value) = samples[i];
            var falls = value < peak;
            if (falls)
            {
                switch (i == 0 && afterGap ? Fall.Restart : JudgeFall(samples, i, peak, anchor, from, horizon, interval))
                {
                    case Fall.Stale:
                        _steps.Add(new(at, value, source, life, Next.Unknown, IsStale: true));
                        continue;
                    case Fall.Undecided:
                        return;
                    default:
                        life++;
                        break;
                }
            }

            if (before >= 0) _steps[before] = _steps[before] with { Next = falls ? Next.Falls : Next.Rises };
            before = _steps.Count;
            peak = value;
            _steps.Add(new(at, value, source, life, Next.Unknown, IsStale: false));
        }
    }

    private Fall JudgeFall(ReadOnlySpan<Sample> samples, int at, double peak, double anchor, long from, long horizon, long interval)
    {
        var closest = interval * Closest;
        var before = at == 0 ? samples[0].Milliseconds - from : samples[at].Milliseconds - samples[at - 1].Milliseconds;
        var isSuspect = interval == 0 || before < closest || (at + 1 < samples.Length && samples[at + 1].Milliseconds - samples[at].Milliseconds < closest);
        if (!isSuspect) return Fall.Restart;

        // A stale sample is not lower than what its scraper showed before; the first one after a restart nearly always is.
        var value = samples[at].Value;
        var lowest = at < Depth ? Math.Min(peak, anchor) : peak;
        for (var earlier = Math.Max(0, at - Depth); earlier < at; earlier++) lowest = Math.Min(lowest, samples[earlier].Value);
        var known = Math.Min(Patience, samples.Length - 1 - at);
        for (var next = at + 1; next <= at + known; next++)
        {
            var isFallAfterStale = value >= lowest && samples[next].Value < value;
            if (samples[next].Value >= peak || isFallAfterStale) return Fall.Stale;
        }

        if (known == Patience) return Fall.Restart;
        if (samples[at].Milliseconds > horizon && !_judgesAll) return Fall.Undecided;
        return at == 0 || value >= lowest ? Fall.Stale : Fall.Restart; // The series ended here.
    }

    private Outcome Merge(int sources, double anchor, long from, long horizon)
    {
        _lives.Clear();
        _lives.Add(new(from) { Peak = anchor });
        _heights.Clear();
        _heights.Add((0, from, anchor));
        _sources.Clear();
        for (var source = 0; source < sources; source++) _sources.Add(default);

        var (growth, stale, next) = (0.0, 0, 0);
        for (; next < _steps.Count && _steps[next].Milliseconds <= horizon; next++) Take(_steps[next], ref growth, ref stale);

        // Where the horizon lies within a restart or an inversion, the next anchor is where that is over: nobody could judge half of it.
        var until = Math.Max(horizon, from);
        for (; next < _steps.Count && IsUnsettled(next, until); next++)
        {
            until = _steps[next].Milliseconds;
            Take(_steps[next], ref growth, ref stale);
        }

        var (newAnchor, settled, settledStale) = (_lives[^1].Peak, growth, stale);
        for (; next < _steps.Count; next++) Take(_steps[next], ref growth, ref stale);
        return new Outcome(newAnchor, until, settled, _lives[^1].Peak, growth, _lives.Count > 1, settledStale, stale);
    }

    private void Take(Step step, ref double growth, ref int stale)
    {
        if (step.IsStale)
        {
            stale++;
            return;
        }

        var life = LifeOf(step);
        if (life < 0) return;
        while (_lives.Count <= life) _lives.Add(new(step.Milliseconds));
        growth += Math.Max(0, step.Value - _lives[life].Peak);
        CollectionsMarshal.AsSpan(_sources)[step.Source] = new(life, life - step.Life, HasBegun: true);
        if (step.Value <= _lives[life].Peak) return;
        CollectionsMarshal.AsSpan(_lives)[life].Peak = step.Value;
        _heights.Add((life, step.Milliseconds, step.Value));
    }

    /// <summary>The life of the counter to which a step belongs. It is a new one where the step shows a restart, and -1 where only the next sample of the
    /// series will tell.</summary>
    private int LifeOf(Step step)
    {
        var life = step.Life + _sources[step.Source].Missed;
        if (_closest == 0) return life;

        // What a scraper reads is never as old as its interval. So by then no series is in an earlier life any more,
        var newest = _lives.Count - 1;
        while (life < newest && step.Milliseconds - _lives[life + 1].Began >= _closest) life++;

        // and a series that is lower than the counter was a scrape interval ago, as one may begin under new labels, shows another restart.
        if (life == newest) return step.Value < _lives[life].Peak && step.Value < HeightAt(life, step.Milliseconds - _closest) ? life + 1 : life;

        // Another series has just shown a restart. This one is stale if it shows the restart next. If it does not, it has grown past its old
        // height since the restart.
        if (life > newest || step.Next == Next.Falls || step.Value <= _lives[life].Peak) return life;
        return step.Next == Next.Rises || _judgesAll ? newest : -1;
    }

    /// <summary>The highest sample of a life up to an instant. 0 where there was none.</summary>
    private double HeightAt(int life, double until)
    {
        for (var i = _heights.Count - 1; i >= 0; i--)
        {
            if (_heights[i].Life == life && _heights[i].Milliseconds <= until) return _heights[i].Value;
        }

        return 0;
    }

    /// <summary>Whether no anchor may lie before step <paramref name="next"/>. That is so where a stale sample or the first sample of a new life follows so
    /// soon that it cannot be judged without the samples before the anchor, and where some raw series is still in an earlier life that it will leave.</summary>
    private bool IsUnsettled(int next, long until)
    {
        var isSoon = _closest == 0 || _steps[next].Milliseconds - until < _closest;
        if (isSoon && (_steps[next].IsStale || LifeOf(_steps[next]) >= _lives.Count)) return true;
        for (var source = 0; source < _sources.Count; source++)
        {
            if (_sources[source].HasBegun && _sources[source].Life < _lives.Count - 1 && LeavesItsLife(source, next)) return true;
        }

        return false;
    }

    private bool LeavesItsLife(int source, int next)
    {
        for (var step = next; step < _steps.Count; step++)
        {
            if (_steps[step].Source == source && _steps[step].Life + _sources[source].Missed > _sources[source].Life) return true;
        }

        return false;
    }

    private enum Fall
    {
        Restart,
        Stale,
        Undecided,
    }

    /// <summary>In which life of the counter one raw series is, and how many restarts it did not show.</summary>
    private readonly record struct Source(int Life, int Missed, bool HasBegun);

    /// <summary>The time from one restart to the next, with the highest value in it.</summary>
    private record struct Life(long Began)
    {
        public double Peak;
    }

    /// <summary>What the next sample of the same series does.</summary>
    private enum Next
    {
        Unknown,
        Rises,
        Falls,
    }

    private readonly record struct Step(long Milliseconds, double Value, int Source, int Life, Next Next, bool IsStale);

    /// <summary>What a counter's samples amount to.</summary>
    /// <param name="Anchor">Its value at the next anchor.</param>
    /// <param name="Until">The time of the next anchor in milliseconds: samples up to here are settled.</param>
    /// <param name="Settled">What it grew by from the old anchor to the next one.</param>
    /// <param name="Level">Its value at the last sample, or before a fall that is not judged yet.</param>
    /// <param name="Growth">What it grew by from the old anchor to the last sample.</param>
    /// <param name="HasRestart">Whether it was restarted in between.</param>
    /// <param name="SettledStale">Stale samples up to the next anchor.</param>
    /// <param name="Stale">Stale samples in all.</param>
    internal readonly record struct Outcome(
        double Anchor, long Until, double Settled, double Level, double Growth, bool HasRestart = false, int SettledStale = 0, int Stale = 0);
}
