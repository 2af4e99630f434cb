using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Detection;

public sealed class UploadSpikeTests
{
    private const double MiB = 1 << 20;

    private static readonly DetectionOptions Options = new()
    {
        Watchdog = new() { Enabled = false },
        NewDestination = new() { Enabled = false },
        Beaconing = new() { Enabled = false },
        FanOut = new() { Enabled = false },
        UploadSpike = new() { DailyFloor = 500L << 20 },
        Overrides =
        [
            new([WorkloadPattern.Parse("batch/*")!.Value], new DetectionOptions
            {
                UploadSpike = new() { Floor = 100L << 30, DailyFloor = 1L << 40 },
                NewDestination = new() { Enabled = false },
            }),
        ],
    };

    private readonly Timeline _time = new(Options);

    [Fact]
    public void A_flood_of_sites_leaves_the_number_of_groups_within_its_bounds()
    {
        var (options, habit, store) = (new DetectionOptions(), new Habit(), Store.InMemory());
        var state = store.Read();
        var detector = New(state);
        for (var window = 1; window <= 2; window++)
        {
            var flood = Enumerable.Range(0, 100)
                .Select(app => new Workload("shop", $"app-{app}"))
                .Select(app => new WorkloadActivity(app, options, habit, [.. Sites(window, app)]));
            detector.Observe(new DetectionInput(Samples.Window(window), [.. flood], [], [], new([])));
            Assert.InRange(detector.Groups, 19_000, 20_000 + 100); // Each workload has one more, for what finds no room.
            state.Commit();
            Assert.Equal(detector.Groups, New(store.Read()).Groups);
        }

        static IEnumerable<FlowActivity> Sites(int window, Workload app)
        {
            for (var i = 0; i < 300; i++)
            {
                var sent = Timeline.To($"n{i}.w{window}.example.org", 1_000, source: app);
                var traffic = new FlowActivity(sent.Flow, sent.Destination, default);
                traffic.Add(in sent);
                yield return traffic;
            }
        }
    }

    [Fact]
    public void What_nobody_can_name_is_kept_too()
    {
        var (sent, store) = (Timeline.To(LabelValues.Unknown, 1_000), Store.InMemory());
        var traffic = new FlowActivity(sent.Flow, new Destination(LabelValues.Unknown, NameSource.Unknown, Confirmed: false), default);
        traffic.Add(in sent);
        var state = store.Read();
        var workload = new WorkloadActivity(Samples.Cart, new DetectionOptions(), new Habit(), [traffic]);
        New(state).Observe(new DetectionInput(Samples.Window(1), [workload], [], [], new([])));
        state.Commit();
        Assert.Equal(1, New(store.Read()).Groups);
    }

    [Fact]
    public void A_burst_to_a_known_place_is_found_in_its_window_and_says_what_is_usual_and_resolves_and_is_not_learned()
    {
        // By day 5 MiB a window, by night 1 MiB.
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset now) =>
            [Timeline.To("api.stripe.com", (now.Hour is > 7 and < 20 ? 5 : 1) * MiB, site: "stripe.com")];
        Assert.Empty(_time.Until(Timeline.Start.AddDays(21).AddHours(10), Usual));

        var finding = Assert.Single(_time.Step(
            Timeline.To("files.stripe.com", 600 * MiB, site: "stripe.com"),
            Timeline.To("api.stripe.com", 5 * MiB, site: "stripe.com")));
        Assert.Equal(
            ("EgressUploadSpike", "warning", Samples.Cart, "stripe.com", _time.Now, true),
            (finding.AlertName, finding.Severity, finding.Source, finding.Destination, finding.Since, finding.Confirmed));
        Assert.Contains(
            "shop/cart sent 605 MiB to stripe.com within an hour, last at 2026-01-26 10:05:00 UTC. The limit is 1",
            finding.Description,
            StringComparison.Ordinal);
        Assert.Matches(": (5[5-9]|6[0-4])[.0-9]* MiB are usual in this hour, the median", finding.Description);
        Assert.Contains(
            "the median of 3 weeks or days, and the limit lies 5 spreads above that, and not below 100 MiB. Most went to files.stripe.com. "
            + "This workload has been watched for 21.4 d.",
            finding.Description,
            StringComparison.Ordinal);
        Assert.Contains("destination=~\"(.+[.])?stripe[.]com\"", finding.Evidence, StringComparison.Ordinal);

        _time.Restart();
        Assert.Equal("stripe.com", Assert.Single(_time.Step(Usual(_time.Now))).Destination);
        Assert.Empty(_time.Until(Timeline.Start.AddDays(21).AddHours(12), Usual));
        // The same again a week later is as unusual as the first time.
        _time.Until(Timeline.Start.AddDays(28).AddHours(10), Usual);
        Assert.Single(_time.Step(Timeline.To("files.stripe.com", 600 * MiB, site: "stripe.com")));
    }

    [Fact]
    public void What_goes_on_for_weeks_goes_on_firing()
    {
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset _) => [Timeline.To("api.stripe.com", MiB)];
        _time.Until(Timeline.Start.AddDays(14), Usual);
        for (var day = 15; day <= 60; day++)
        {
            var findings = _time.Until(Timeline.Start.AddDays(day), now => [.. Usual(now), Timeline.To("loot.example.net", 30 * MiB)]);
            Assert.Single(findings, finding => finding.Destination == "loot.example.net");
        }
    }

    [Fact]
    public void What_always_happens_at_an_hour_of_the_week_is_usual_also_when_it_moves_and_several_times_as_much_is_not()
    {
        IReadOnlyList<NamedIncrement> Backup(DateTimeOffset now) =>
        [
            .. now is { DayOfWeek: DayOfWeek.Sunday, Hour: 3, Minute: 0 }
                ? [Timeline.To("backup.example.com", 4096 * MiB)]
                : Array.Empty<NamedIncrement>(),
            Timeline.To("api.stripe.com", MiB),
        ];
        _time.Until(Timeline.Start.AddDays(14), Backup);
        for (var end = 15; end <= 28; end++) Assert.Empty(_time.Until(Timeline.Start.AddDays(end), Backup));
        Assert.Empty(_time.Step(Timeline.To("backup.example.com", 4096 * MiB)));
        Assert.Single(_time.Step(Timeline.To("backup.example.com", 5 * 4096 * MiB)));
    }

    [Fact]
    public void What_is_spread_over_many_groups_shows_in_their_sum_and_what_one_explains_does_not()
    {
        _time.Until(Timeline.Start.AddDays(8), _ => [Timeline.To("api.stripe.com", MiB)]);
        var groups = Enumerable.Range(0, 50).Select(i => Timeline.To($"203.{i}.113.7", 10 * MiB, $"203.{i}.113.7", confirmed: false, site: " "));
        var spread = Assert.Single(_time.Step([.. groups]));
        Assert.Equal(("", "EgressUploadSpike"), (spread.Destination, spread.AlertName));
        Assert.Contains("all destinations together", spread.Description, StringComparison.Ordinal);

        var other = new Timeline(Options);
        other.Until(Timeline.Start.AddDays(8), _ => [Timeline.To("api.stripe.com", MiB)]);
        var single = Assert.Single(other.Step(Timeline.To("203.0.113.7", 300 * MiB, "203.0.113.7", confirmed: false, site: " ")));
        Assert.Equal("203.0.113.0/24", single.Destination);
    }

    [Fact]
    public void Nothing_is_said_while_a_workload_is_learned_nor_below_the_floor_nor_of_one_with_a_higher_floor()
    {
        Assert.Empty(_time.Step(Timeline.To("new.example.com", 9000 * MiB)));
        _time.Until(Timeline.Start.AddDays(8), _ => [Timeline.To("api.stripe.com", MiB), Timeline.To("api.stripe.com", MiB, source: new("batch", "nightly"))]);
        Assert.Empty(_time.Step(Timeline.To("new.example.com", 99 * MiB)));
        Assert.Empty(_time.Step(Timeline.To("elsewhere.example.com", 9000 * MiB, source: new("batch", "nightly"))));
        Assert.DoesNotContain(
            _time.Step(Timeline.To("blocked.example.com", 9000 * MiB, route: Route.Blocked)),
            finding => finding.AlertName == "EgressUploadSpike");
    }

    [Fact]
    public void A_slow_drip_is_found_by_what_adds_up_and_goes_on_until_it_has_stopped_for_a_day()
    {
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset _) => [Timeline.To("api.stripe.com", MiB)];
        // 40 MiB an hour is far below the floor of an hour.
        IReadOnlyList<NamedIncrement> Drip(DateTimeOffset now) => [.. Usual(now), Timeline.To("paste.example.net", 40 * MiB / 12)];
        Assert.Empty(_time.Until(Timeline.Start.AddDays(14), Usual));
        Assert.Empty(_time.Until(Timeline.Start.AddDays(14).AddHours(10), Drip));
        var findings = _time.Until(Timeline.Start.AddDays(15), Drip);
        var finding = Assert.Single(findings, finding => finding.Destination == "paste.example.net");
        Assert.Contains(
            "sends paste.example.net more from day to day than is usual. By 2026-01-20 00:00:00 UTC 9",
            finding.Description,
            StringComparison.Ordinal);
        _time.Restart();
        Assert.Single(_time.Until(Timeline.Start.AddDays(15).AddHours(2), Drip), finding => finding.Destination == "paste.example.net");
        Assert.Empty(_time.Until(Timeline.Start.AddDays(17), Usual));
    }

    [Fact]
    public void Many_small_requests_are_found_and_large_ones_and_those_that_fail_are_not()
    {
        static IReadOnlyList<NamedIncrement> Asked(double count, double size, string flags = "") =>
        [
            Timeline.To("doh.example.com", count * size),
            Timeline.To("doh.example.com", 0) with
            {
                Increment = Samples.Increment(Timeline.To("doh.example.com", 0).Flow, count, Metric.Requests, flags: flags),
            },
        ];
        _time.Until(Timeline.Start.AddDays(8), _ => Asked(100, 300));
        Assert.Empty(_time.Step(Asked(20_000, 2_000)));
        Assert.Empty(_time.Until(_time.Now.AddHours(1), _ => Asked(100, 300)));
        Assert.Empty(_time.Step(Asked(20_000, 0, "UF")));
        Assert.Empty(_time.Until(_time.Now.AddHours(1), _ => Asked(100, 300)));
        Assert.Empty(_time.Step(Asked(3_000, 200)));

        var finding = Assert.Single(_time.Step(Asked(20_000, 200)));
        Assert.Equal(("EgressUploadSpike", "warning", "doh.example.com"), (finding.AlertName, finding.Severity, finding.Destination));
        Assert.Matches("shop/cart sent 23,[0-9]{3} small requests to doh.example.com within an hour", finding.Description);
        Assert.Matches("The limit is [5-9],[0-9]{3}; usual in this hour is 1,[12][0-9]{2}, the median of", finding.Description);
        _time.Restart();
        Assert.Equal(finding.Since, Assert.Single(_time.Step(Asked(100, 300))).Since);
        Assert.Empty(_time.Until(_time.Now.AddHours(3), _ => Asked(100, 300)));
    }

    [Fact]
    public void A_new_level_that_stays_for_a_week_is_offered_where_the_workload_always_sent_something_and_is_never_learned()
    {
        IReadOnlyList<NamedIncrement> Level(double old, double fresh) => [Claimed("api.stripe.com", old * MiB), Claimed("loot.example.net", fresh * MiB)];
        _time.Until(Timeline.Start.AddDays(14), _ => [Level(1, 0)[0]]);
        _time.Until(Timeline.Start.AddDays(18), _ => Level(30, 30));
        Assert.Equal(["loot.example.net warning", "stripe.com warning"], Told());
        _time.Until(Timeline.Start.AddDays(30), _ => Level(30, 30));
        Assert.Equal(["loot.example.net warning", "stripe.com info"], Told());
        Assert.Contains(
            "For 7 days it has been about 8.4 GiB a day. "
            + "If that is the new usual amount, accept it: set a higher floor and daily_floor for this workload in detection.overrides.",
            Assert.Single(_time.Findings, finding => finding.Severity == "info").Description,
            StringComparison.Ordinal);

        IEnumerable<string> Told() => _time.Findings
            .Select(finding => $"{finding.Destination.Replace("api.", "", StringComparison.Ordinal)} {finding.Severity}")
            .Order(StringComparer.Ordinal);
    }

    [Fact]
    public void What_was_reported_is_told_again_without_an_alarm_unless_it_is_more_or_soon_or_nobody_vouches_for_its_name()
    {
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset _) => [Timeline.To("api.stripe.com", MiB)];
        Assert.Empty(_time.Until(Timeline.Start.AddDays(10), Usual));
        Assert.Equal("warning", Job(10, 400));
        Assert.Equal("warning", Job(12, 400));
        _time.Restart();
        Assert.Equal("info", Job(31, 500));
        Assert.Equal("warning", Job(38, 700));
        Assert.Equal("info", Job(45, 700));
        Assert.Contains("About as much was reported until 2026-02-14 00:00:00 UTC", _time.Findings.Single().Description, StringComparison.Ordinal);
        Assert.Equal("warning", Job(50, 400, confirmed: false));
        Assert.Equal("warning", Job(60, 400, confirmed: false));

        string Job(int day, int mebibytes, bool confirmed = true)
        {
            _time.Until(Timeline.Start.AddDays(day), Usual);
            Assert.Empty(_time.Findings);
            var sent = confirmed ? Claimed("exports.example.com", mebibytes * MiB) : Timeline.To("ec2.example.net", mebibytes * MiB);
            return Assert.Single(_time.Step(sent)).Severity;
        }
    }

    [Fact]
    public void A_workload_that_comes_where_all_is_known_may_not_send_as_much_as_it_likes_on_its_first_day()
    {
        IReadOnlyList<NamedIncrement> Usual(DateTimeOffset _) => [Timeline.To("api.stripe.com", MiB)];
        var fresh = new Workload("shop", "fresh");
        Assert.Empty(_time.Until(Timeline.Start.AddDays(3), Usual));
        Assert.Empty(_time.Step(Timeline.To("loot.example.net", 400 * MiB, source: fresh)));
        var finding = Assert.Single(_time.Step(Timeline.To("loot.example.net", 200 * MiB, source: fresh)));
        Assert.Equal((fresh, "loot.example.net"), (finding.Source, finding.Destination));
        Assert.Contains("The limit is 500 MiB: this workload is not learned yet, so it may send five times", finding.Description, StringComparison.Ordinal);
        Assert.Contains("This workload has been watched for 5 min", finding.Description, StringComparison.Ordinal);

        // What its namespace always sends to is another matter.
        Assert.DoesNotContain(_time.Step(Timeline.To("api.stripe.com", 900 * MiB, source: new("shop", "other"))), other => other.Destination == "stripe.com");
    }

    [Fact]
    public void A_new_place_of_a_workload_that_often_has_new_ones_is_held_against_those_before_it()
    {
        static IReadOnlyList<NamedIncrement> Usual(DateTimeOffset _) => [Timeline.To("api.stripe.com", MiB)];
        NamedIncrement Bucket(string customer, int mebibytes) => Timeline.To($"{customer}.s3.amazonaws.com", mebibytes * MiB);
        for (var day = 2; day <= 6; day++)
        {
            _time.Until(Timeline.Start.AddDays(day), Usual);
            _time.Step(Bucket($"customer-{day}", 250));
        }

        Assert.Empty(_time.Until(Timeline.Start.AddDays(9), Usual));
        Assert.Empty(_time.Step(Bucket("customer-9", 370)));
        _time.Restart();
        var finding = Assert.Single(_time.Step(Bucket("loot", 400)));
        Assert.Equal("loot.s3.amazonaws.com", finding.Destination);
        Assert.Contains("The limit is 375 MiB: half more than any place got on its first day to which", finding.Description, StringComparison.Ordinal);

        // What was too much made no more room, and who has no new places has no such limit.
        _time.Until(Timeline.Start.AddDays(12), Usual);
        Assert.Single(_time.Step(Bucket("loot-2", 600)));
        var other = new Timeline(Options);
        other.Until(Timeline.Start.AddDays(9), Usual);
        Assert.Single(other.Step(Bucket("loot", 250)));
    }

    private static UploadSpikeDetector New(StoredState state)
    {
        var (options, metrics) = (new DetectionOptions(), new DetectionMetrics(new MetricRegistry(), TimeProvider.System));
        return new UploadSpikeDetector(new Habits(options, metrics, state), new Tuning(options), metrics, state);
    }

    [Theory]
    [InlineData("api.stripe.com", "stripe.com", true, "52.0.0.1", "", "stripe.com")]
    [InlineData("cloud-metadata", "", true, "169.254.169.254", "", "cloud-metadata")]
    [InlineData("evil.example.com", "example.com", false, "52.1.2.3", "AS16509", "AS16509")]
    [InlineData("52.1.2.3", "", false, "52.1.2.3", "", "52.1.2.0/24")]
    [InlineData("2001:db8:1:2::3", "", false, "2001:db8:1:2::3", "", "2001:db8:1::/48")]
    [InlineData("claimed.example.com", "example.com", false, "", "", "example.com")]
    public void A_group_is_what_belongs_to_one_owner(string name, string site, bool confirmed, string address, string network, string expected) =>
        Assert.Equal(expected, UploadGroups.NameOf(
            new Destination(name, NameSource.Ptr, confirmed, Network: network, Site: site),
            new RawDestination(address.Length > 0 ? IPAddress.Parse(address) : null, "", "", "", "")));

    [Fact]
    public void Whatever_comes_nothing_below_the_floor_is_found_and_what_is_far_above_all_that_ever_was_is() => Prop.ForAll(
        (from scale in Gen.Choose(1, 40) from seed in Gen.Choose(1, 1_000_000) select (scale, seed)).ToArbitrary(),
        these =>
        {
            var (time, random) = (new Timeline(Options, TimeSpan.FromHours(1)), new Random(these.seed));
            var quiet = time.Until(Timeline.Start.AddDays(9), _ => [Timeline.To("a.example.com", random.NextDouble() * Math.Min(these.scale, 10) * MiB)]);
            var (most, found) = (these.scale * MiB, time.Step(Timeline.To("a.example.com", these.scale * 1000 * MiB)));
            return quiet.Count == 0 && found.Count == 1 && most > 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    /// <summary>A name that the client claims and DNS confirms.</summary>
    private static NamedIncrement Claimed(string name, double upload)
    {
        var to = Timeline.To(name, upload);
        return to with { Destination = to.Destination with { Source = NameSource.Sni } };
    }
}
