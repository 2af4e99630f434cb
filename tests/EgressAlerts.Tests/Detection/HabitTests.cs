using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

public sealed class HabitTests
{
    private const double MiB = 1 << 20;
    private static readonly string[] Namespaces = ["a", "b", "c", "d"];

    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(1),
        Watchdog = new() { Enabled = false },
        NewDestination = new() { Severity = "warning", ConfirmedSeverity = "warning" },
        Overrides =
        [
            new([WorkloadPattern.Parse("batch/*")!.Value], new DetectionOptions
            {
                Learning = TimeSpan.FromHours(1),
                NewDestination = new() { Severity = "critical", ConfirmedSeverity = "critical", Hold = TimeSpan.FromHours(3) },
            }),
        ],
    };

    private readonly Timeline _time = new(Options);

    [Fact]
    public void What_half_of_the_other_namespaces_talk_to_is_no_news_unless_it_is_only_claimed()
    {
        Learned("a", "b", "c", "d");
        Assert.Equal(4, New(Everywhere("pypi.example.org", ["a", "b", "c", "d"])).Count); // All at once: nobody was first.
        _time.Until(_time.Now.AddHours(2), _ => []);
        Learned("e", "f");
        Assert.Empty(New(Everywhere("pypi.example.org", ["e"])));
        Assert.Single(New(Everywhere("c2.example.org", ["e"])));

        NamedIncrement Claimed(string ns) => new(
            Samples.Increment(Samples.Flow(host: "repo.example.org", source: new(ns, "app")), 1, Metric.UploadBytes),
            new Destination("repo.example.org", NameSource.Host, Confirmed: false));
        _time.Step([.. Namespaces.Select(Claimed)]);
        Assert.Contains(New([Claimed("f")]), finding => finding.Source.Namespace == "f");
    }

    [Fact]
    public void One_other_namespace_cannot_speak_for_all()
    {
        Learned("a", "b");
        _time.Until(_time.Now.AddHours(2), _ => Everywhere("new.example.org", ["a"]));
        Assert.Single(New(Everywhere("new.example.org", ["b"])));
    }

    [Fact]
    public void Two_of_five_namespaces_cannot_speak_for_all_and_three_can()
    {
        Learned("a", "b", "c", "d", "e", "f");
        _time.Until(_time.Now.AddHours(2), _ => Everywhere("two.example.org", ["a", "b"]));
        Assert.Single(New(Everywhere("two.example.org", ["f"])));
        _time.Until(_time.Now.AddHours(2), _ => Everywhere("three.example.org", ["a", "b", "c"]));
        Assert.DoesNotContain(
            New(Everywhere("three.example.org", ["f"])),
            finding => finding.Source.Namespace == "f" && finding.Destination == "three.example.org");
    }

    [Fact]
    public void Much_that_is_sent_raises_the_severity_by_a_step_and_a_better_name_does_not_change_it()
    {
        Learned("a");
        NamedIncrement To(double upload, string name, bool confirmed) => Timeline.To(name, upload, "52.0.0.9", new("a", "app"), confirmed);
        Assert.Equal("warning", Assert.Single(New([To(MiB, "52.0.0.9", false)])).Severity);
        var named = Assert.Single(New([To(MiB, "files.example.com", true)]));
        Assert.Equal(("warning", "52.0.0.9"), (named.Severity, named.Destination));
        Assert.Contains("files.example.com", named.Description, StringComparison.Ordinal);
        var raised = Assert.Single(_time.Step(To(100 * MiB, "files.example.com", true)), finding => finding.AlertName == "EgressNewDestination");
        Assert.Equal(("critical", "52.0.0.9", named.Since), (raised.Severity, raised.Destination, raised.Since));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_belongs_to_one_finding_does_in_whatever_order_it_comes(bool newFirst)
    {
        NamedIncrement To(string address, double upload) => Timeline.To("n.example.com", upload, address, new("a", "app"), confirmed: false);
        _time.Until(_time.Now.AddHours(2), _ => [To("52.0.0.2", 1)]);
        NamedIncrement[] seen = [To("52.0.0.2", 90 * MiB), To("52.0.0.8", 20 * MiB)];
        Assert.Equal("critical", Assert.Single(New(newFirst ? [.. seen.Reverse()] : seen)).Severity);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_address_that_many_use_belongs_to_the_finding_of_its_name_in_whatever_order_it_comes(bool commonFirst)
    {
        NamedIncrement To(string address, double upload, string ns) => Timeline.To("n.example.com", upload, address, new(ns, "app"), confirmed: false);
        _time.Until(_time.Now.AddHours(2), _ => [.. Everywhere("api.example.com", ["a"]), To("52.0.0.2", 1, "b"), To("52.0.0.2", 1, "c")]);
        NamedIncrement[] seen = [To("52.0.0.8", 20 * MiB, "a"), To("52.0.0.2", 90 * MiB, "a")];
        Assert.Equal("critical", Assert.Single(New(commonFirst ? [.. seen.Reverse()] : seen)).Severity);
    }

    [Fact]
    public void Some_workloads_have_settings_of_their_own()
    {
        Learned("batch", "a");
        var findings = New(Everywhere("new.example.org", ["batch", "a"]));
        Assert.Equal([("a", "warning"), ("batch", "critical")], findings.Select(finding => (finding.Source.Namespace, finding.Severity)).Order());
        var unnamed = New(
        [
            Timeline.To("52.0.0.9", 1, "52.0.0.9", new("batch", "app"), confirmed: false),
            Timeline.To("52.0.0.9", 1, "52.0.0.9", new("a", "app"), confirmed: false),
        ]);
        Assert.Equal("critical", Assert.Single(unnamed, finding => finding is { Source.Namespace: "batch", Destination: "52.0.0.9" }).Severity);
        var left = _time.Until(_time.Now.AddHours(2), _ => []);
        Assert.All(left, finding => Assert.Equal("batch", finding.Source.Namespace));
        Assert.Equal(2, left.Count);
    }

    [Fact]
    public void What_was_talked_to_before_the_first_window_is_no_news_and_a_workload_that_was_there_is_learned()
    {
        var detectors = Timeline.New(Options);
        PastFlow Past(string address, double first, Workload? source = null) =>
            new(Samples.Flow(address, source: source), Samples.Start.AddHours(first), Samples.Start.AddHours(first / 2));
        IReadOnlyList<PastFlow> past = [Past("52.0.0.1", -2), Past("52.0.0.9", -1), Past("52.0.0.1", 0, new("shop", "young"))];
        var names = new Dictionary<RawDestination, Destination>
        {
            [past[1].Flow.To] = new("api.stripe.com", NameSource.Ptr, true),
            [past[0].Flow.To] = new("52.0.0.3", NameSource.Host, false),
        };
        detectors.Learn(past, names, Samples.Start);
        Increment To(string address, Workload? source = null) => Samples.Increment(Samples.Flow(address, source: source));
        var findings = detectors.Observe(Samples.NamedAs(
            1,
            new NamedIncrement(To("52.0.0.1"), new Destination("a.example.com", NameSource.Ptr, true)),
            new NamedIncrement(To("52.0.0.2"), new Destination("api.stripe.com", NameSource.Ptr, true)),
            new NamedIncrement(To("52.0.0.3"), new Destination("52.0.0.3", NameSource.Ip, false)),
            new NamedIncrement(To("52.0.0.4", new("shop", "young")), new Destination("52.0.0.4", NameSource.Ip, false))));
        Assert.Equal((Samples.Cart, "52.0.0.3"), (Assert.Single(findings).Source, findings[0].Destination));
    }

    [Fact]
    public void What_Prometheus_knew_says_nothing_of_how_much_is_usual()
    {
        var detectors = Timeline.New(Options with
        {
            UploadSpike = new() { Learning = TimeSpan.FromDays(2) },
            FanOut = new() { Learning = TimeSpan.FromDays(2) },
        });
        detectors.Learn(
            [new(Samples.Flow("52.0.0.1"), Samples.Start.AddDays(-7), Samples.Start)],
            new Dictionary<RawDestination, Destination>(),
            Samples.Start);
        var findings = detectors.Observe(Samples.Named(1, Samples.Increment(Samples.Flow("52.0.0.1"), 900 * MiB, Metric.UploadBytes)));
        Assert.Empty(findings);
    }

    [Fact]
    public void Never_is_more_remembered_than_the_bound_not_even_within_a_window_and_what_is_not_is_counted()
    {
        var metrics = new MetricRegistry();
        var habits = new Habits(Options with { MaxRemembered = 1_000 }, new DetectionMetrics(metrics, TimeProvider.System), Store.InMemory().Read());
        for (var window = 1; window <= 3; window++)
        {
            habits.BeginWindow(Samples.Window(window));
            var habit = habits.GetOrBegin(Samples.Cart, TimeSpan.Zero, Samples.Start);
            for (var i = 0; i < 5_000; i++)
            {
                var flow = Samples.Flow($"60.{window}.{i / 250}.{i % 250}");
                var traffic = new FlowActivity(flow, new Destination("", NameSource.Ip, Confirmed: false), default);
                habits.NoteContact(habit, traffic, Samples.Window(window).End);
                Assert.True(traffic.IsNew);
                Assert.InRange(habits.Count, 1, 1_000);
            }

            // Each window finds no room for 4,000. The next one forgets the 1,000, which are all of the same age.
            Assert.Equal((5_000 * window) - 1_000, metrics.Sum("egress_alerts_destinations_forgotten_total"));
        }
    }

    [Fact]
    public void A_flood_makes_no_news_of_what_a_workload_is_used_to()
    {
        var time = new Timeline(Options with { MaxRemembered = 1_000, FanOut = new() { Enabled = false } });
        IReadOnlyList<NamedIncrement> Usual() => [.. Enumerable.Range(0, 20).Select(i => Timeline.To($"api{i}.example.com", 10))];
        NamedIncrement Unknown(string address) => Timeline.To(address, 10, address, confirmed: false);
        time.Until(time.Now.AddHours(2), _ => Usual());
        for (var round = 0; round < 3; round++) time.Step([.. Enumerable.Range(0, 1_500).Select(i => Unknown($"60.{round}.{i / 250}.{i % 250}")), .. Usual()]);
        time.Step([.. Usual(), Unknown("52.9.9.9")]);
        Assert.DoesNotContain(time.Findings, finding => finding.Destination.StartsWith("api", StringComparison.Ordinal));
        Assert.Contains(time.Findings, finding => finding is { AlertName: "EgressNewDestination", Destination: "52.9.9.9" });
    }

    private static IReadOnlyList<NamedIncrement> Everywhere(string name, IReadOnlyList<string> namespaces) =>
        [.. namespaces.Select(ns => Timeline.To(name, 10, source: new(ns, "app")))];

    private void Learned(params string[] namespaces) => _time.Until(_time.Now.AddHours(2), _ => Everywhere("api.example.com", namespaces));

    private List<Finding> New(IReadOnlyList<NamedIncrement> seen) =>
        [.. _time.Step(seen).Where(finding => finding.AlertName == "EgressNewDestination" && finding.Destination != "api.example.com")];
}
