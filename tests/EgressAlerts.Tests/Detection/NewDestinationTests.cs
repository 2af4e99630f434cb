using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection;

/// <summary>What a workload never talked to before says little alone, and much by its number.</summary>
public sealed class NewDestinationTests
{
    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(24),
        Watchdog = new() { Enabled = false },
        Beaconing = new() { Enabled = false },
        UploadSpike = new() { Enabled = false },
    };

    private readonly Timeline _time = new(Options);

    [Fact]
    public void One_nameless_contact_is_told_and_wakes_nobody()
    {
        _time.Until(Timeline.Start.AddDays(2), _ => Usual());
        Assert.Equal("info", Assert.Single(_time.Step(Host(1))).Severity);

        // The message of the next day still finds it.
        var began = _time.Now;
        Assert.Single(_time.Until(began.AddHours(24.5), _ => Usual()));
        _time.Restart();
        Assert.Empty(_time.Until(began.AddHours(25.5), _ => Usual()));
    }

    [Fact]
    public void Where_new_destinations_come_every_day_one_more_is_told_only_if_much_is_sent_to_it()
    {
        var customers = 0;
        _time.Until(Timeline.Start.AddDays(6), now => now.Minute == 0 ? [.. Usual(), .. Host(customers++)] : Usual());
        Assert.DoesNotContain(_time.Step(Host(50_000)), finding => finding.Destination == "52.0.195.80");
        _time.Restart();
        Assert.DoesNotContain(
            _time.Step(Timeline.To("52.0.195.80", 60 << 20, "52.0.195.80", confirmed: false)),
            finding => finding.Destination == "52.0.195.80");
        var told = Assert.Single(
            _time.Step(Timeline.To("52.0.195.80", 60 << 20, "52.0.195.80", confirmed: false)),
            finding => finding.Destination == "52.0.195.80");
        Assert.Equal("warning", told.Severity);
        // Of a workload that meets nothing new, each is told.
        Assert.Single(
            _time.Step(Timeline.To("52.0.195.80", 10, "52.0.195.80", new("calm", "app"), confirmed: false)),
            finding => finding.Source.Namespace == "calm");
    }

    [Fact]
    public void Where_each_build_is_a_workload_of_its_own_what_new_ones_usually_meet_is_no_news()
    {
        var builds = 0;
        NamedIncrement Build(int number) => Timeline.To(
            $"52.7.{number / 250}.{number % 250}",
            10,
            $"52.7.{number / 250}.{number % 250}",
            new("ci", $"build-{number}"),
            confirmed: false);
        _time.Until(Timeline.Start.AddDays(3), _ => Usual());
        Assert.Equal("info", Assert.Single(_time.Step([.. Usual(), Build(++builds)])).Severity);
        _time.Until(Timeline.Start.AddDays(8), now => now.Minute == 0 && now.Hour % 6 == 0 ? [.. Usual(), Build(++builds)] : Usual());
        Assert.DoesNotContain(_time.Step([.. Usual(), Build(++builds)]), finding => finding.Source.Name == $"build-{builds}");
    }

    [Fact]
    public void Workloads_of_a_group_share_one_history_and_one_name()
    {
        var time = new Timeline(Options with { WorkloadGroups = [new(WorkloadPattern.Parse("ci/build-*")!.Value, new("ci", "build"))] });
        NamedIncrement Build(int number, string address) => Timeline.To(address, 10, address, new("ci", $"build-{number}"), confirmed: false);
        time.Until(Timeline.Start.AddDays(2), now => [Build(now.Minute, "52.0.0.1")]);
        Assert.Empty(time.Step(Build(1_000, "52.0.0.1")));
        var finding = Assert.Single(time.Step(Build(1_001, "52.0.0.2"), Build(1_002, "52.0.0.2")));
        Assert.Equal((new Workload("ci", "build"), "52.0.0.2"), (finding.Source, finding.Destination));
        Assert.Contains("source_workload_namespace=~\"ci\",source_workload=~\"build-.*\"", finding.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slow_scan_is_found_by_the_number_of_what_is_new()
    {
        _time.Until(Timeline.Start.AddDays(6), _ => Usual());
        var start = _time.Now;
        while (_time.Now < start.AddHours(6) && !Scans().Any())
            _time.Step([.. Usual(), .. _time.Now.Minute % 10 == 0 ? Host((int)(_time.Now - start).TotalMinutes) : []]);
        var finding = Assert.Single(Scans());
        Assert.Equal(("", "warning"), (finding.Destination, finding.Severity));
        Assert.Contains("met 21 destinations within 8 h that it had never talked to", finding.Description, StringComparison.Ordinal);
        Assert.Contains("The limit is 20: ", finding.Description, StringComparison.Ordinal);
        Assert.EndsWith("met 21 new destinations within 8 h (the limit is 20)", finding.Summary, StringComparison.Ordinal);

        // A restart changes nothing, and it ends. The day of the scan is not learned, so the next scan is found as soon.
        _time.Restart();
        Assert.Equal(finding.Since, Assert.Single(Scans(_time.Step(Usual()))).Since);
        _time.Until(_time.Now.AddHours(20), _ => Usual());
        Assert.Empty(Scans());
        _time.Until(_time.Now.AddHours(4), now => [.. Usual(), .. now.Minute % 10 == 0 ? Host(10_000 + (int)(now - start).TotalMinutes) : []]);
        Assert.Single(Scans());
    }

    [Fact]
    public void Hundreds_of_new_destinations_at_once_are_one_finding_and_not_hundreds()
    {
        _time.Until(Timeline.Start.AddDays(6), _ => Usual());
        IReadOnlyList<NamedIncrement> Burst(int first) => [.. Usual(), .. Enumerable.Range(first, 300).SelectMany(Host)];
        Assert.Equal(("EgressFanOut", ""), (Assert.Single(_time.Step(Burst(0))).AlertName, _time.Findings[0].Destination));
        Assert.Single(_time.Step(Burst(300)));

        // Eight hours later one alone is told again.
        _time.Until(_time.Now.AddHours(10), _ => Usual());
        Assert.Equal("EgressNewDestination", Assert.Single(_time.Step(Host(5_000))).AlertName);
    }

    [Fact]
    public void Who_meets_new_destinations_every_day_is_not_scanning()
    {
        var customers = 0;
        _time.Until(Timeline.Start.AddDays(20), now =>
        {
            Assert.Empty(Scans());
            return now.Minute == 0 ? [.. Usual(), .. Host(customers++), .. Host(customers++)] : Usual();
        });
    }

    [Fact]
    public void A_workload_that_comes_where_all_is_known_has_no_amnesty_but_for_what_its_namespace_does()
    {
        _time.Until(Timeline.Start.AddDays(3), _ => Usual());
        var fresh = new Workload("shop", "fresh");
        var seen = _time.Step(
        [
            .. Usual(),
            Timeline.To("api.example.com", 10, source: fresh),
            Timeline.To("52.9.9.9", 10, "52.9.9.9", fresh, confirmed: false),
        ]);
        var finding = Assert.Single(seen);
        Assert.Equal((fresh, "52.9.9.9"), (finding.Source, finding.Destination));
        Assert.Contains("This workload is new, and no other one of its namespace has talked to it.", finding.Description, StringComparison.Ordinal);
        _time.Restart();
        Assert.Equal("52.9.9.9", Assert.Single(_time.Step([.. Usual(), Timeline.To("api.example.com", 10, source: fresh)])).Destination);
    }

    private IEnumerable<Finding> Scans(IReadOnlyList<Finding>? findings = null) =>
        (findings ?? _time.Findings).Where(finding => finding.AlertName == "EgressFanOut");

    private static NamedIncrement[] Usual() => [Timeline.To("api.example.com", 10)];

    private static NamedIncrement[] Host(int i) =>
        [Timeline.To($"52.{i / 65536}.{i / 256 % 256}.{i % 256}", 10, $"52.{i / 65536}.{i / 256 % 256}.{i % 256}", confirmed: false)];
}
