using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Polling;

/// <summary>Drives a <see cref="CounterTracker"/> as the poller does, in windows of 30 s with times in seconds.</summary>
internal sealed class TrackedMesh(TimeSpan? late = null, int window = 30)
{
    private readonly Store _store = Store.InMemory();
    private StoredState _state = null!;
    private int _commits, _busy;

    public static readonly DateTimeOffset Epoch = DateTimeOffset.UnixEpoch.AddYears(50);
    public static readonly SeriesMeaning What = SeriesMeaning.LeftOut(RawMetric.All[0], "test", "envoy");

    /// <summary>The labels that are not the proxy's own; null where there is no <c>up</c>.</summary>
    public HashSet<string>? TargetLabels { get; set; } = ["job", "instance", "version", "replica", "pod", "namespace"];

    public JobRegister Jobs { get; private set; } = null!;

    public CounterTracker Tracker { get; private set; } = null!;

    public static string Labels(params (string Name, string Value)[] labels) => JsonSerializer.Serialize(labels
        .Append(("__name__", "m"))
        .OrderBy(label => label.Item1, StringComparer.Ordinal)
        .ToDictionary(label => label.Item1, label => label.Item2));

    public CounterTracker Begin(int number, bool isBaseline = false)
    {
        if (Tracker is null) Reload();
        Tracker!.Begin(At(number), isBaseline);
        return Tracker;
    }

    public Window At(int number) => new(Epoch.AddSeconds((number - 1) * window), Epoch.AddSeconds(number * window));

    /// <summary>What one window counts, when these series have these samples.</summary>
    public double Window(int number, params (string Labels, (double Seconds, double Value)[] Samples)[] series)
    {
        Begin(number);
        foreach (var (labels, samples) in series) Observe(labels, samples);
        return Commit();
    }

    public void Observe(string labels, params (double Seconds, double Value)[] samples)
    {
        _busy = 2;
        var bytes = Encoding.UTF8.GetBytes(labels);
        var row = Tracker.Known.Find(bytes);
        if (row == KeyedTable<RawSeries>.None) row = Tracker.Known.Add(bytes, LabelReader.Read(bytes), TargetLabels);
        if (!Tracker.Known.IsClassified(row)) Tracker.Known.Classify(row, What);
        Tracker.Observe(row, [.. samples.Select(sample => new Sample(Epoch.ToUnixTimeMilliseconds() + (long)(sample.Seconds * 1000), sample.Value))]);
    }

    public double Commit()
    {
        var sum = Tracker.Commit().Sum(growth => growth.Grown + growth.Born);
        if (_busy-- > 0) Keep(); // A weekend without samples changes nothing after its first window.
        return sum;
    }

    /// <summary>As after a restart of the service.</summary>
    [MemberNotNull(nameof(Tracker))]
    public void Reload()
    {
        if (Tracker is not null) Keep();
        _state = _store.Read();
        Jobs = new JobRegister(_state);
        Tracker = new CounterTracker(Jobs, late ?? TimeSpan.FromMinutes(2), _state, chunkSize: 1);
        Assert.True(Tracker.IsWhole);
    }

    private void Keep()
    {
        Assert.True(_state.Commit());
        if (++_commits % 4 == 0) Assert.Empty(_state.Stale());
    }
}
