using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Doctor;

public sealed class ScrapeRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly PollingOptions Options = new() { Delay = TimeSpan.FromSeconds(10), Late = TimeSpan.FromMinutes(2) };

    [Theory]
    [InlineData(15, 10, 0, "OK OK OK")]
    [InlineData(40, 10, 0, "OK OK OK")]
    [InlineData(41, 10, 0, "Warn OK OK")] // Three scrapes take longer than two minutes.
    [InlineData(200, 10, 0, "Fail OK OK")] // Two scrapes take longer than up is read back.
    [InlineData(15, 25, 0, "OK OK OK")]
    [InlineData(15, 26, 0, "OK Warn OK")] // The interval and the delay are over.
    [InlineData(15, 136, 0, "OK Fail OK")] // So is the time for late samples.
    [InlineData(15, 10, 1, "OK OK Warn")]
    [InlineData(15, 10, 4, "OK OK Fail")]
    public void A_job_is_judged_by_its_interval_its_newest_sample_and_its_targets(int interval, int age, int down, string expected)
    {
        var job = new Scraping("envoy", 4, down, TimeSpan.FromSeconds(interval), Now.AddSeconds(-age));
        var results = ScrapeRules.Check([job], Options, Now).Select(check => check.Result == CheckResult.Ok ? "OK" : $"{check.Result}");
        Assert.Equal(expected, string.Join(' ', results));
    }

    [Fact]
    public void The_remedy_names_what_would_be_enough()
    {
        var jobs = (Scraping[])[new("minute", 1, 0, TimeSpan.FromMinutes(1), Now), new("slow\"}", 1, 0, TimeSpan.FromSeconds(15), Now.AddSeconds(-45))];
        var bad = ScrapeRules.Check(jobs, Options, Now).Where(check => check.Result == CheckResult.Warn).ToList();
        Assert.Equal("prometheus: {late: 3m}, or scrape_interval: 15s", bad[0].Remedy);
        Assert.Equal("prometheus: {delay: 30s}", bad[1].Remedy);
        Assert.Equal("time() - max(timestamp(up{job=\"slow}\"}))", bad[1].Promql); // A name cannot end the text around it.
    }

    [Fact]
    public void The_interval_of_a_job_is_the_longest_of_its_targets_and_a_lost_scrape_does_not_change_it()
    {
        var ups = new UpSamples(new HashSet<string> { "envoy" });
        ups.Series("""{"__name__":"up","job":"envoy","instance":"a"}"""u8, [new(0, 1), new(15_000, 1), new(45_000, 1), new(60_000, 1)]);
        ups.Series("""{"__name__":"up","job":"envoy","instance":"b"}"""u8, [new(0, 1), new(30_000, 0)]);
        ups.Series("""{"__name__":"up","job":"other","instance":"c"}"""u8, [new(0, 1), new(90_000, 1)]);
        var job = Assert.Single(ups.Jobs);
        Assert.Equal((2, 1, TimeSpan.FromSeconds(30)), (job.Targets, job.Down, job.Interval!.Value));
        Assert.Equal(60, job.Newest.ToUnixTimeSeconds());
    }
}
