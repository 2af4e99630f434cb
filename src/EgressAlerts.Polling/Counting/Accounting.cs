using System.Runtime.InteropServices;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Decides what of a window's growth is counted, and keeps the sums of what is left out.</summary>
internal sealed class Accounting
{
    /// <summary>The reason of what the server is not asked for.</summary>
    public const string NotRead = "not_read";

    private readonly CounterTracker _tracker;
    private readonly JobRegister _jobs;
    private readonly BaselineRules _baselines;
    private readonly ILogger _logger;
    private readonly Cell<PollerState> _kept;
    private readonly Dictionary<(Metric Metric, string Reason), double> _excluded = [];
    private readonly Totals _firstValues;
    private readonly Totals _expected;
    private bool _saidEmpty;
    private bool _hasBaseline;

    public Accounting(CounterTracker tracker, JobRegister jobs, BaselineRules baselines, StoredState state, ILogger logger)
    {
        (_tracker, _jobs, _baselines, _logger) = (tracker, jobs, baselines, logger);
        _kept = state.Cell("poller", PollingJson.Default.PollerState, new PollerState(default, default, default, []));
        foreach (var sum in Last.Excluded) _excluded[(sum.Metric, sum.Reason)] = sum.Amount;
        (_firstValues, _expected) = (new(Last.FirstValues ?? new Dictionary<Metric, double>()), new(Last.Expected ?? new Dictionary<Metric, double>()));
    }

    /// <summary>As of the last window.</summary>
    public PollerState Last => _kept.Value;

    public IReadOnlyList<ExcludedSum> Excluded => [.. _excluded.Select(sum => new ExcludedSum(sum.Key.Metric, sum.Key.Reason, sum.Value))];

    /// <summary>What counters counted, or left out for another reason than a baseline, when they were seen first.</summary>
    public Totals FirstValues => _firstValues.Snapshot();

    /// <summary>What the servers' own <c>increase()</c> expects of the series that are read.</summary>
    public Totals Expected => _expected.Snapshot();

    /// <summary>Prometheus had something in the window.</summary>
    public void Saw(Window window) => _kept.Value = Last with { SeenAt = window.End };

    /// <summary>The window can never be read any more.</summary>
    public void Skip(Window window) => _kept.Value = Last with { LastEnd = window.End };

    /// <summary>Takes what the tracker has read. Called once for each window that was read whole.</summary>
    /// <returns>What the window counts: one increment for each counter that grew, in an order that depends on nothing but the increments.</returns>
    public List<Increment> Take(Window window)
    {
        var baseline = _baselines.IsBaseline(window);
        var sums = new Dictionary<CounterId, double>();
        foreach (var (what, grown, born) in _tracker.Commit())
        {
            _jobs.Saw(what.Job, window.End);
            var aside = baseline ? grown + born : _baselines.IsBirthBaseline(what.Job, window) || _baselines.WasLeftOut(what) ? born : 0;
            var counted = grown + born - aside;
            if (aside == 0) _firstValues.Add(what.Raw.Metric, born);
            if (what.Counter is { } counter)
            {
                Exclude(what.Raw.Metric, "baseline", aside);
                if (counted > 0) CollectionsMarshal.GetValueRefOrAddDefault(sums, counter, out _) += counted;
            }
            else
            {
                Exclude(what.Raw.Metric, what.Excluded, counted);
            }
        }

        _kept.Value = Last with { BaselineEnd = baseline ? window.End : Last.BaselineEnd, LastEnd = window.End };
        Tell(window, baseline, _tracker.Known.Counters.Count);
        _baselines.WasRead();
        return Ordered(sums);
    }

    public void Expect(Metric metric, double amount) => _expected.Add(metric, amount);

    public void Exclude(Metric metric, string reason, double amount)
    {
        if (amount > 0) CollectionsMarshal.GetValueRefOrAddDefault(_excluded, (metric, reason), out _) += amount;
    }

    /// <summary>Shows 0 of what is not read until something is known of it. So whoever computes its growth sees the first amount.</summary>
    public void BeginNotRead()
    {
        foreach (var raw in RawMetric.All) _excluded.TryAdd((raw.Metric, NotRead), 0);
    }

    /// <summary>What was left out goes into the database with the window.</summary>
    public void Keep() => _kept.Value = Last with { Excluded = Excluded, FirstValues = _firstValues.ToDictionary(), Expected = _expected.ToDictionary() };

    private void Tell(Window window, bool baseline, int counters)
    {
        if (baseline && counters > 0 && !_hasBaseline) Log.Baseline(_logger, window.End, counters);
        else if (baseline && counters > 0) Log.BaselineMoved(_logger, window.End, counters);
        _hasBaseline |= baseline && counters > 0;
        if (counters == 0 && !_saidEmpty) Log.NoSeries(_logger);
        _saidEmpty = counters == 0;
    }

    /// <summary>Two replicas sort the same increments alike, so they give the same destinations a place in the budget.</summary>
    private static List<Increment> Ordered(Dictionary<CounterId, double> sums) =>
    [
        .. sums.Select(sum => new Increment(sum.Key, sum.Value))
            .OrderBy(increment => increment.Flow.Source, Workload.Order)
            .ThenBy(increment => increment.Flow.To.Key, StringComparer.Ordinal)
            .ThenBy(increment => increment.Metric)
            .ThenBy(increment => increment.Flow.To.Port, StringComparer.Ordinal)
            .ThenBy(increment => increment.Flow.Route)
            .ThenBy(increment => increment.Flow.Protocol)
            .ThenBy(increment => increment.Id.ResponseCode, StringComparer.Ordinal)
            .ThenBy(increment => increment.Id.ResponseFlags, StringComparer.Ordinal)
            .ThenBy(increment => $"{increment.Id.Tags}", StringComparer.Ordinal),
    ];
}
