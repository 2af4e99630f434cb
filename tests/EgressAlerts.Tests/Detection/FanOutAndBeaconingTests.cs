using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Detection;

public sealed class FanOutAndBeaconingTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(1),
        Watchdog = new() { Enabled = false },
        NewDestination = new() { Enabled = false },
        UploadSpike = new() { Enabled = false },
        Beaconing = new() { Known = [new("*.datadoghq.com")] },
    };

    [Fact]
    public void Far_more_destinations_than_is_usual_are_found_and_the_usual_number_is_not()
    {
        var time = new Timeline(Options with { Beaconing = new() { Enabled = false }, FanOut = new() { NewFloor = 1_000 } });
        IReadOnlyList<NamedIncrement> Crawl(DateTimeOffset now, int sites) =>
            [.. Enumerable.Range(0, sites).Select(i => Timeline.To($"site{i}.example.com", 100))];
        Assert.Empty(time.Until(Timeline.Start.AddDays(15), now => Crawl(now, now.Hour == 4 ? 300 : 5)));
        Assert.Empty(time.Step(Crawl(time.Now, 49)));
        var finding = Assert.Single(time.Step(Crawl(time.Now, 500)));
        Assert.Equal(("EgressFanOut", "", time.Now), (finding.AlertName, finding.Destination, finding.Since));
        Assert.Matches(
            "talked to about (49|50|51)[0-9] different destinations within an hour, .*"
            + "The limit is 4[0-9][0-9]; usual in this hour is 5, the median of 14 weeks or days",
            finding.Description);
        Assert.Matches(@"within 1 h \(usually up to 4[0-9][0-9]\)$", finding.Summary);
        time.Restart();
        Assert.Single(time.Step());
        Assert.Empty(time.Until(Timeline.Start.AddDays(15).AddHours(3), now => Crawl(now, 5)));
        // The hour at which it always is so many.
        Assert.Empty(time.Until(Timeline.Start.AddDays(15).AddHours(4.5), now => Crawl(now, now.Hour == 4 ? 300 : 5)));
    }

    [Fact]
    public void A_scan_does_not_hide_the_next_one()
    {
        var time = new Timeline(Options with { Beaconing = new() { Enabled = false } });
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset now) =>
            [.. Enumerable.Range(0, now < Timeline.Start.AddDays(9) ? 4 : 6).Select(i => Timeline.To($"api{i}.example.com", 100))];
        IReadOnlyList<NamedIncrement> Scan(int round) =>
        [
            .. Enumerable.Range(0, 300)
                .Select(i => Timeline.To($"203.{round}.{i / 200}.{i % 200}", 100, $"203.{round}.{i / 200}.{i % 200}", confirmed: false)),
        ];
        time.Until(Timeline.Start.AddDays(14).AddHours(7.5), Usual);
        Assert.Single(time.Step([.. Usual(time.Now), .. Scan(1)]), finding => finding.AlertName == "EgressFanOut");
        Assert.Empty(time.Until(Timeline.Start.AddDays(16).AddHours(7.5), Usual));
        Assert.Single(time.Step([.. Usual(time.Now), .. Scan(2)]), finding => finding.AlertName == "EgressFanOut");
    }

    [Fact]
    public void Another_address_of_a_known_name_does_not_fan_out_and_what_was_refused_does_not_either()
    {
        var time = new Timeline(Options with
        {
            Beaconing = new() { Enabled = false },
            Blocked = new() { Enabled = false },
            Probing = new() { Enabled = false },
        });
        time.Until(Timeline.Start.AddDays(8), _ => [Timeline.To("cdn.example.com", 1)]);
        Assert.Empty(time.Step([.. Enumerable.Range(0, 200).Select(i => Timeline.To("cdn.example.com", 1, $"52.0.1.{i}"))]));
        Assert.Empty(time.Step([.. Enumerable.Range(0, 200).Select(i => Timeline.To($"x{i}.example.com", 1, route: Route.Blocked))]));
    }

    [Theory]
    [InlineData(60, 0)]
    [InlineData(300, 0)]
    [InlineData(300, 0.1)]
    [InlineData(300, 0.3)]
    [InlineData(900, 0.3)]
    public void A_beacon_is_found_within_a_day_keeps_its_name_survives_a_restart_and_ends(int period, double jitter)
    {
        var (time, random) = (new Timeline(Options, Window), new Random(7));
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 10)]);
        var next = time.Now;
        NamedIncrement[] Beacon(DateTimeOffset now)
        {
            if (now < next) return [];
            while (next <= now) next = next.AddSeconds(period * (1 + (jitter * ((2 * random.NextDouble()) - 1))));
            return [Timeline.To("52.9.9.9", 700, "52.9.9.9", confirmed: false)];
        }

        while (time.Now < Timeline.Start.AddHours(26) && time.Findings.Count == 0) time.Step(Beacon(time.Now));
        var finding = Assert.Single(time.Findings);
        Assert.Equal(("EgressBeaconing", "52.9.9.9", "warning"), (finding.AlertName, finding.Destination, finding.Severity));
        Assert.InRange(time.Now, Timeline.Start.AddHours(2.4), Timeline.Start.AddHours(14));
        Assert.Matches("with about (6[6-9]|7[0-4])[0-9]([.][0-9])? B both ways at a time", finding.Description);
        time.Restart();
        Assert.Equal(finding.Since, Assert.Single(time.Step()).Since);
        Assert.Empty(time.Until(time.Now.AddHours(3), _ => []));
    }

    [Fact]
    public void Two_pods_that_beacon_out_of_phase_are_told()
    {
        var time = new Timeline(Options, Window);
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 10)]);
        Assert.Single(time.Until(
            Timeline.Start.AddHours(12),
            now => now.Minute % 10 is 0 or 3 && now.Second == 0 ? [Timeline.To("52.9.9.9", 700, "52.9.9.9", confirmed: false)] : []));
    }

    [Fact]
    public void An_old_habit_a_known_pulse_a_large_exchange_and_what_comes_at_random_are_no_beacons()
    {
        var (time, random) = (new Timeline(Options, Window), new Random(3));
        static bool Tick(DateTimeOffset now) => now is { Second: 0 } && now.Minute % 5 == 0;
        IReadOnlyList<NamedIncrement> Habit(DateTimeOffset now) => Tick(now) ? [Timeline.To("health.example.com", 300)] : [];
        time.Until(Timeline.Start.AddHours(2), Habit);
        for (var hour = 3; hour < 24; hour++)
        {
            Assert.Empty(time.Until(Timeline.Start.AddHours(hour), now =>
            [
                .. Habit(now),
                .. Tick(now) ? [Timeline.To("intake.datadoghq.com", 300), Timeline.To("bulk.example.com", 900_000)] : Array.Empty<NamedIncrement>(),
                .. random.NextDouble() < 0.1 ? [Timeline.To("people.example.com", random.Next(200, 9000))] : Array.Empty<NamedIncrement>(),
                .. random.NextDouble() < 0.1 ? [Timeline.To("same.example.com", 500)] : Array.Empty<NamedIncrement>(),
                .. random.NextDouble() < 0.5 ? [Timeline.To("busy.example.com", 500)] : Array.Empty<NamedIncrement>(),
            ]));
        }

        // Who claims to be a known pulse is none.
        Assert.Single(time.Until(Timeline.Start.AddHours(34), now => Tick(now) ? [Timeline.To("fake.datadoghq.com", 300, confirmed: false)] : []));
    }

    [Fact]
    public void A_connection_that_closes_in_another_window_than_its_bytes_hides_no_beacon()
    {
        var time = Learned();
        var opened = Timeline.To("52.9.9.9", 1, "52.9.9.9", confirmed: false).Increment.Flow;
        NamedIncrement Of(Metric metric, double amount) =>
            new(new Increment(new(opened, metric), amount), new Destination("52.9.9.9", NameSource.Ip, Confirmed: false));
        var findings = time.Until(time.Now.AddHours(8), now => ((now.Minute % 5 * 60) + now.Second) switch
        {
            0 => [Of(Metric.ConnectionsOpened, 1)],
            30 => [Of(Metric.UploadBytes, 700)],
            120 => [Of(Metric.ConnectionsClosed, 1)],
            _ => [],
        });
        Assert.Equal("EgressBeaconing", Assert.Single(findings).AlertName);
    }

    [Theory]
    [InlineData(24 * 60, 14)]
    [InlineData(6 * 60, 4)]
    public void A_beacon_with_a_long_period_is_told_after_a_dozen_exchanges(int minutes, int days)
    {
        var time = Learned(TimeSpan.FromMinutes(5));
        var start = time.Now;
        var findings = time.Until(start.AddDays(days), now => (now - start).TotalMinutes % minutes == 0 ? Exchange() : []);
        Assert.Equal("EgressBeaconing", Assert.Single(findings).AlertName);
    }

    /// <summary>Of the first, intervals say nothing, because each is one window; of the others they are those of a crowd.</summary>
    [Theory]
    [InlineData(60, 1)]
    [InlineData(300, 6)]
    [InlineData(240, 12)]
    public void What_comes_in_every_window_and_what_many_pods_do_is_told_by_how_even_it_is(int period, int pods)
    {
        var (time, random) = (Learned(TimeSpan.FromMinutes(1)), new Random(5));
        var next = Enumerable.Range(0, pods).Select(_ => time.Now.AddSeconds(random.Next(period))).ToArray();
        IReadOnlyList<NamedIncrement> Beacons(DateTimeOffset now)
        {
            var count = 0;
            for (var pod = 0; pod < pods; pod++)
            {
                for (; next[pod] < now.AddMinutes(1); count++) next[pod] = next[pod].AddSeconds(period * (0.9 + (0.2 * random.NextDouble())));
            }

            if (count == 0) return [];
            var closed = new Increment(new(Exchange()[0].Flow, Metric.ConnectionsClosed), count);
            return [.. Exchange(count * 700), new(closed, Exchange()[0].Destination)];
        }

        while (time.Now < Timeline.Start.AddHours(26) && time.Findings.Count == 0) time.Step(Beacons(time.Now));
        Assert.Matches("The number of exchanges in [0-9]+ windows varies 0[.][0-9]+ times as much as by chance", Assert.Single(time.Findings).Description);
        Assert.InRange(time.Now, Timeline.Start.AddHours(3), Timeline.Start.AddHours(14));
    }

    [Fact]
    public void A_beacon_with_much_jitter_is_one_finding_not_many()
    {
        var (time, random, starts) = (Learned(), new Random(11), new HashSet<DateTimeOffset>());
        var next = time.Now;
        time.Until(time.Now.AddDays(3), now =>
        {
            starts.UnionWith(time.Findings.Select(finding => finding.Since));
            if (now < next) return [];
            next = next.AddSeconds(300 * (0.5 + random.NextDouble()));
            return Exchange();
        });
        Assert.Single(starts);
    }

    [Fact]
    public void A_machine_behind_the_name_of_all_of_its_provider_is_followed_by_itself()
    {
        var time = new Timeline(Options, Window);
        NamedIncrement[] Machine(int i) => [Timeline.To("*.compute-1.amazonaws.com", 700, $"52.9.9.{i}")];
        time.Until(Timeline.Start.AddHours(2), now => Machine(now.Minute % 3));
        var findings = time.Until(Timeline.Start.AddHours(10), now => now is { Second: 0 } && now.Minute % 5 == 0 ? Machine(77) : []);
        Assert.Equal("EgressBeaconing", Assert.Single(findings).AlertName);
    }

    [Fact]
    public void What_half_of_the_namespaces_talk_to_what_is_registered_and_what_is_rolled_out_is_told_at_a_lower_severity()
    {
        var time = new Timeline(Options, Window);
        string[] namespaces = ["a", "b", "c", "d", "e", "f", "g", "h"];
        static bool Tick(DateTimeOffset now) => now is { Second: 0 } && now.Minute % 5 == 0;
        time.Until(Timeline.Start.AddHours(2), _ => [.. namespaces.Select(ns => Timeline.To("api.example.com", 10, source: new(ns, "app")))]);
        var registered = Timeline.To("licence.example.com", 300, source: new("a", "app"));
        var findings = time.Until(Timeline.Start.AddHours(14), now => Tick(now)
            ? [
                .. namespaces[..5].Select(ns => Timeline.To("updates.example.com", 300, source: new(ns, "app"))),
                .. namespaces[..3].Select(ns => Timeline.To("agent.example.com", 300, source: new(ns, "app"))),
                .. namespaces[..2].Select(ns => Timeline.To("c2.example.com", 300, source: new(ns, "app"))),
                registered with { Destination = registered.Destination with { Source = NameSource.Registry } },
            ]
            : []);
        Assert.Equal(
            ["agent.example.com info", "c2.example.com info", "c2.example.com warning", "licence.example.com info", "updates.example.com info"],
            findings.Select(finding => $"{finding.Destination} {finding.Severity}").Distinct().Order());
        // Of two workloads with one pulse the first is told, and the other belongs to it.
        Assert.Equal("a", Assert.Single(findings, finding => finding.Severity == "warning").Source.Namespace);

        // What nobody is woken for is told for a day, and is known then.
        var later = time.Until(time.Now.AddDays(2), now => Tick(now)
            ?
            [
                .. namespaces[..2].SelectMany(ns => (NamedIncrement[])
                [
                    Timeline.To("c2.example.com", 300, source: new(ns, "app")),
                    Timeline.To("agent.example.com", 300, source: new(ns, "app")),
                ]),
            ]
            : []);
        Assert.Equal(("a", "c2.example.com"), (Assert.Single(later).Source.Namespace, later[0].Destination));
    }

    [Fact]
    public void A_flood_of_new_destinations_hides_no_beacon_and_what_finds_no_room_is_counted()
    {
        var metrics = new MetricRegistry();
        var time = new Timeline(Options with { MaxPulses = 100 }, metrics: new DetectionMetrics(metrics, TimeProvider.System));
        NamedIncrement[] Beacon(DateTimeOffset now) => now.Minute % 10 == 0 ? [Timeline.To("c2.example.com", 100)] : [];
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 1)]);
        time.Until(Timeline.Start.AddHours(4), Beacon);
        IEnumerable<NamedIncrement> Flood(DateTimeOffset now) => Enumerable.Range(0, 500).Select(i => Timeline.To($"n{i}.{now.Minute}.example.org", 20));
        time.Until(Timeline.Start.AddHours(5), now => [.. Beacon(now), .. Flood(now)]);
        // The first of twelve windows has room for 99. Each other one drops ten that it makes room for, and the 490 that find none.
        Assert.Equal(401 + (11 * 500), metrics.Sum("egress_alerts_findings_dropped_total", "EgressBeaconing"));
        var found = time.Until(Timeline.Start.AddHours(9), Beacon).Where(finding => finding.AlertName == "EgressBeaconing");
        Assert.Equal("c2.example.com", Assert.Single(found).Destination);
    }

    [Fact]
    public void Every_strict_beacon_scores_all_but_full_and_no_stream_of_random_intervals_and_sizes_does() => Prop.ForAll(
        (from period in Gen.Choose(2, 60) from seed in Gen.Choose(1, 1_000_000) select (period, seed)).ToArbitrary(),
        these =>
        {
            var (strict, wild, random, at) = (new Pulse(), new Pulse(), new Random(these.seed), Timeline.Start);
            for (var i = 0; i < 64; i++) strict.Add(Timeline.Start.AddSeconds(30 * these.period * i), Window, 1, 500);
            for (var i = 0; i < 64; i++)
            {
                at = at.AddSeconds(30 * Math.Max(1, Math.Round(-Math.Log(1 - random.NextDouble()) * (these.period + 2))));
                wild.Add(at, Window, 1, random.Next(100, 10_000));
            }

            return strict.Score(Window) is { Intervals: 1, Sizes: 1, Evenness: > 0.9 } && wild.Score(Window).Total < 0.9;
        }).QuickCheckThrowOnFailure();

    private static NamedIncrement[] Exchange(double bytes = 700) => [Timeline.To("52.9.9.9", bytes, "52.9.9.9", confirmed: false)];

    private static Timeline Learned(TimeSpan? window = null)
    {
        var time = new Timeline(Options, window ?? Window);
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 10)]);
        return time;
    }
}
