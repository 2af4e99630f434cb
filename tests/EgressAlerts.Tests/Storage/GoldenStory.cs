using System.Net;
using System.Net.Sockets;
using System.Text;
using EgressAlerts.Alerting;
using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Tests.Detection;

namespace EgressAlerts.Tests.Storage;

/// <summary>Nine days of a small mesh, played to all stages that keep state, always the same. Each golden file is the database at their end.</summary>
/// <remarks>Released versions have played it, so nothing in it may ever change. Tell what a later version keeps in addition.</remarks>
internal sealed class GoldenStory
{
    public const double MiB = 1 << 20;

    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    /// <summary>A Monday.</summary>
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When the last window ended: five minutes before the hour in which a backup is uploaded every night.</summary>
    public static readonly DateTimeOffset End = Start.AddDays(9).AddHours(2).AddMinutes(55);

    /// <summary>When a blocked attempt was seen that has resolved since.</summary>
    public static readonly DateTimeOffset Blocked = Start.AddDays(2).AddHours(10);

    /// <summary>When the destination was first seen of which an alert still fires at the end.</summary>
    public static readonly DateTimeOffset News = Start.AddDays(9).AddHours(2).AddMinutes(30);

    /// <summary>Released versions read all series, unless they were told otherwise.</summary>
    public static readonly PollingOptions Polling = new()
    {
        Url = new("http://prometheus.monitoring:9090"),
        Matchers = ["job=\"envoy\""],
        Read = ReadMode.All,
    };

    private static readonly Workload Crawler = new("web", "crawler");
    private static readonly Workload Agent = new("platform", "agent");
    private static readonly DetectionOptions Detection = new()
    {
        MetadataService = new() { Allowed = [WorkloadPattern.Parse("platform/*")!.Value] },

        // The database of 0.2.0 has no hits of it.
        Policies = [new("stripe", PolicyAction.Allow, Severities.Warning, new(), new() { Names = [new("api.stripe.com")] })],
    };

    private static readonly CardinalityOptions Budget = new() { MaxDestinationsPerWorkload = 4 };
    private static readonly byte[] Steady = Encoding.UTF8.GetBytes(TrackedLabels("10.0.0.1:15090"));
    private static readonly byte[] Restarted = Encoding.UTF8.GetBytes(TrackedLabels("10.0.0.2:15090"));

    private readonly JobRegister _jobs;
    private readonly CounterTracker _tracker;
    private readonly WaitingRoom _waiting;
    private readonly Detectors _detectors;
    private readonly SeriesBudget _budget;
    private readonly AlertBook _book;

    /// <summary>All stages as they are after a restart.</summary>
    public GoldenStory(StoredState state)
    {
        var metrics = new MetricRegistry();
        (_jobs, _waiting, _detectors) = (new(state), new(state), Timeline.New(Detection, state: state));
        (_tracker, _budget, _book) = (new(_jobs, Polling.Late, state), new(Budget, state), new(new AlertingOptions(), state, new AlertMetrics(metrics)));
    }

    public AlertBook Book => _book;

    public bool IsWhole => _tracker.IsWhole;

    public IReadOnlyList<Increment> Waiting => _waiting.Increments;

    /// <summary>What findings the last window had.</summary>
    public IReadOnlyList<Finding> Findings { get; private set; } = [];

    public CounterSnapshot Counters { get; private set; } = null!;

    public IReadOnlyDictionary<string, PolicyHit> PolicyHits => _detectors.PolicyHits;

    /// <summary>Plays all of it into a new database.</summary>
    public static void Play(Store store)
    {
        var state = store.Read();
        // Else the key of the hashes would be random.
        state.Cell("raw_counters", PollingJson.Default.TrackerState, null!).Value = new(1, 2, default, 0, long.MinValue, 0, default);
        state.Commit();
        state = store.Read();
        var story = new GoldenStory(state);
        for (var end = Start + Length; end <= End; end += Length)
        {
            story.Window(end, [.. Seen(end)]);
            story.Count(end, [.. SteadySamples(end), (Restarted, -310, 100), (Restarted, -10, end < End ? 100 : 3)]);
            if (end.TimeOfDay == default) Assert.True(state.Commit());
        }

        story.Keep(state);
        Assert.True(state.Commit());
        Assert.Empty(state.Stale());
    }

    /// <summary>What is seen in a window: a habit with a backup at night, a crawler, an agent that may ask the metadata service, two attempts, and two
    /// destinations that are news, one of them to a workload that has just come.</summary>
    public static IEnumerable<NamedIncrement> Seen(DateTimeOffset end)
    {
        yield return Upload("52.0.0.1", "api.stripe.com", end.Hour == 3 ? 200 * MiB : 5 * MiB);
        for (var i = 1; i <= 6; i++) yield return Upload($"198.51.100.{i}", $"n{i}.example.org", 1024, Crawler);
        yield return new(
            new Increment(new(Samples.Flow("169.254.169.254", source: Agent), Metric.Requests), 1),
            new Destination(LabelValues.CloudMetadata, NameSource.Special, Confirmed: true));
        if (end == Blocked || end == End) yield return Upload("192.0.2.9", "192.0.2.9", 1, route: Route.Blocked);
        if (end >= News) yield return Upload("203.0.113.7", "news.example.com", 1000);
        if (end == News) yield return Upload("203.0.113.9", "first.example.org", 10, new("web", "young"));
    }

    public static NamedIncrement Upload(string address, string name, double bytes, Workload? source = null, Route route = Route.Passthrough) =>
        Timeline.To(name, bytes, address, source, confirmed: name != address, site: name == address ? "" : name.Split('.', 2)[1], route);

    /// <summary>Plays the window after the end.</summary>
    public void Next(params IReadOnlyList<NamedIncrement> seen) => Window(End + Length, seen);

    /// <summary>Plays one window to the stages behind naming.</summary>
    public void Window(DateTimeOffset end, params IReadOnlyList<NamedIncrement> seen)
    {
        var window = new Window(end - Length, end);
        var named = new NamedReading(window, seen);
        Findings = _detectors.Observe(named);
        Counters = _budget.Admit(named, Findings, showNew: true);
        _book.Update(Findings, window);
    }

    /// <summary>Reads the samples of the two raw counters after the end: one goes on, the other was restarted in the last window.</summary>
    /// <returns>What the window counts of them together.</returns>
    public double GoOn(double steady, params (double Seconds, double Value)[] restarted)
    {
        var before = 5 * ((End - Start) / Length);
        return Count(
            End + Length,
            [(Steady, -10, before + steady), .. restarted.Select(sample => (Restarted, sample.Seconds - Length.TotalSeconds, sample.Value))]);
    }

    private double Count(DateTimeOffset end, params IReadOnlyList<(byte[] Labels, double Seconds, double Value)> samples)
    {
        _tracker.Begin(new Window(end - Length, end));
        foreach (var series in samples.GroupBy(sample => sample.Labels))
        {
            var row = _tracker.Known.Find(series.Key);
            if (row == KeyedTable<RawSeries>.None)
                row = _tracker.Known.Add(series.Key, LabelReader.Read(series.Key), new HashSet<string> { "job", "instance" });
            if (!_tracker.Known.IsClassified(row)) _tracker.Known.Classify(row, SeriesMeaning.LeftOut(RawMetric.All[0], "test", "envoy"));
            _tracker.Observe(row, [.. series.Select(sample => new Sample(end.ToUnixTimeMilliseconds() + (long)(sample.Seconds * 1000), sample.Value))]);
        }

        return _tracker.Commit().Sum(growth => growth.Grown + growth.Born);
    }

    /// <summary>One more each minute. The first two are of the window before, because a window reads again what may have come late.</summary>
    private static IEnumerable<(byte[] Labels, double Seconds, double Value)> SteadySamples(DateTimeOffset end) =>
        Enumerable.Range(0, 7).Select(i => (Steady, -10.0 - (60 * (6 - i)), (5 * ((end - Start) / Length)) + i - 6));

    /// <summary>What stages keep that take it from a network.</summary>
    private void Keep(StoredState state)
    {
        _jobs.Saw("envoy", Start);
        new BaselineRules(_jobs, Polling, new TelemetryOptions(), state).WasRead();
        new HostRegister(DynamicDns.Auto, state).Saw("api.stripe.com");
        state.Cell("poller", PollingJson.Default.PollerState, null!).Value = new(Start, End, End, [new(Metric.Requests, "baseline", 12)]);

        var now = (uint)End.ToUnixTimeSeconds();
        var (name, addresses) = (new ReverseAnswer(AnswerState.Present, "api.stripe.com", true), new ForwardAnswer().Plus([IPAddress.Parse("52.0.0.1")], now));
        state.Table(Lookups.NameOfAddress).Put(AddressNumber.Of(IPAddress.Parse("52.0.0.1")), new(name, now + 7200) { AskAgain = now + 3600, LastUsed = now });
        state.Table(Lookups.AddressesOfName).Put(
            Question.AddressesOf("api.stripe.com", AddressFamily.InterNetwork), new(addresses, now + 7200) { AskAgain = now + 3600, LastUsed = now });
        Assert.True(_waiting.TryAdd(Samples.Increment(Samples.Flow("203.0.113.8"), 3), End));

        var loads = state.Table(ConfigurationLoad.Shape);
        loads.Put(Start, new(Start, "0.2.0", ""));
        loads.Put(Start.AddHours(1), new(Start.AddHours(1), "0.2.0", "unknown key 'alertin'"));
    }

    private static string TrackedLabels(string instance) => $$"""{"__name__":"istio_requests_total","job":"envoy","instance":"{{instance}}","to":"x"}""";
}
