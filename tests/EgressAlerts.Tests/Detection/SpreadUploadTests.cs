using EgressAlerts.Detection;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection;

/// <summary>What several workloads together send to one new place.</summary>
public sealed class SpreadUploadTests
{
    private const double MiB = 1 << 20;

    private static readonly DetectionOptions Options = new()
    {
        Watchdog = new() { Enabled = false },
        NewDestination = new() { Enabled = false },
        Beaconing = new() { Enabled = false },
        FanOut = new() { Enabled = false },
    };

    private readonly Timeline _time = new(Options);

    [Fact]
    public void What_three_workloads_together_send_to_a_new_place_is_one_finding()
    {
        _time.Until(Timeline.Start.AddDays(8), _ => Apps(4, "api.stripe.com", 1));
        Assert.Empty(_time.Step(Apps(2, "loot.example.net", 60)));
        var finding = Assert.Single(_time.Step([.. Apps(3, "loot.example.net", 10), .. Apps(1, "loot.example.net", 1)]));
        Assert.Equal(
            ("EgressUploadSpike", "warning", new Workload("shop", "app-0"), "loot.example.net"),
            (finding.AlertName, finding.Severity, finding.Source, finding.Destination));
        Assert.Contains("3 workloads together sent 151 MiB to loot.example.net within an hour", finding.Description, StringComparison.Ordinal);
        Assert.Contains("Most came from shop/app-0 (71 MiB), shop/app-1 (70 MiB), shop/app-2 (10 MiB)", finding.Description, StringComparison.Ordinal);
        Assert.Contains("The limit is 100 MiB", finding.Description, StringComparison.Ordinal);

        _time.Restart();
        Assert.Equal(finding.Since, Assert.Single(_time.Step(Apps(4, "api.stripe.com", 1))).Since);
        Assert.Empty(_time.Until(_time.Now.AddHours(2), _ => Apps(4, "api.stripe.com", 1)));
    }

    [Fact]
    public void What_a_workload_has_a_finding_of_its_own_about_and_what_all_always_send_to_is_not_told_twice()
    {
        _time.Until(Timeline.Start.AddDays(8), _ => Apps(4, "api.stripe.com", 1));
        var own = _time.Step(
        [
            Timeline.To("loot.example.net", 300 * MiB, source: new("shop", "app-0")),
            .. Apps(3, "loot.example.net", 10)[1..],
            .. Apps(4, "api.stripe.com", 90),
        ]);
        Assert.Equal((new Workload("shop", "app-0"), "loot.example.net"), (Assert.Single(own).Source, own[0].Destination));
    }

    [Fact]
    public void What_comes_to_many_in_the_mesh_each_day_is_usual()
    {
        var release = 0;
        for (var day = 1; day <= 12; day++)
        {
            _time.Until(Timeline.Start.AddDays(day), _ => Apps(8, "api.stripe.com", 1));
            _time.Step(Apps(8, $"release-{++release}.example.org", 15));
        }

        _time.Until(_time.Now.AddHours(2), _ => Apps(8, "api.stripe.com", 1));
        Assert.Empty(_time.Step(Apps(8, "release-99.example.org", 50)));
        Assert.Contains("The limit is 480 MiB", Assert.Single(_time.Step(Apps(8, "release-99.example.org", 15))).Description, StringComparison.Ordinal);
    }

    private static NamedIncrement[] Apps(int count, string name, double mebibytes) =>
        [.. Enumerable.Range(0, count).Select(i => Timeline.To(name, mebibytes * MiB, source: new("shop", $"app-{i}")))];
}
