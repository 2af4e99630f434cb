using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Detection;

/// <summary>Short stories in which each alert fires.</summary>
internal static class AlertExamples
{
    public const double KiB = 1 << 10;
    public const double MiB = 1 << 20;

    public static readonly Workload Report = new("batch", "report");

    public static readonly DetectionOptions Options = new() { Watchdog = new() { Enabled = false } };

    private static readonly DetectionOptions AmountsAlone = Options with { NewDestination = new() { Enabled = false }, Beaconing = new() { Enabled = false } };

    public static IReadOnlyList<Finding> Blocked(int times = 1, string service = "", int windows = 1)
    {
        var time = new Timeline(Options);
        for (var window = 0; window < windows; window++)
        {
            var flow = Samples.Flow("141.95.34.99", service: service, route: Route.Blocked, source: Report, port: "4444");
            time.Step(new NamedIncrement(Samples.Increment(flow, times), Confirmed("vps-99.hoster.example.net")));
        }

        return time.Findings;
    }

    public static IReadOnlyList<Finding> Probing() => new Timeline(Options).Step([.. Enumerable.Range(1, 34).Select(i => new NamedIncrement(
        Samples.Increment(Samples.Flow($"203.0.113.{i}", route: Route.Blocked, source: Report, port: "22")), Nameless($"203.0.113.{i}")))]);

    public static IReadOnlyList<Finding> NewDestination()
    {
        var time = new Timeline(Options);
        time.Until(Timeline.Start.AddDays(9), _ => [Timeline.To("api.example.com", 10, source: Report)]);
        return time.Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("185.199.72.11", source: Report), 229 * MiB, Metric.UploadBytes), Nameless("185.199.72.11")));
    }

    public static IReadOnlyList<Finding> NewDestinationOfNewWorkload()
    {
        var time = new Timeline(Options);
        time.Until(Timeline.Start.AddDays(9), _ => [Timeline.To("api.example.com", 10, source: new Workload("shop", "cart"))]);
        return time.Step(new NamedIncrement(Samples.Increment(Samples.Flow("185.199.72.11", source: Report)), Nameless("185.199.72.11")));
    }

    public static IReadOnlyList<Finding> UploadSpike()
    {
        var time = new Timeline(AmountsAlone);
        NamedIncrement Sent(string name, double upload) => Timeline.To(name, upload, site: "stripe.com");

        // By day 5 MiB a window, by night 1 MiB.
        time.Until(Timeline.Start.AddDays(21).AddHours(10), now => [Sent("api.stripe.com", (now.Hour is > 7 and < 20 ? 5 : 1) * MiB)]);
        return time.Step(Sent("files.stripe.com", 600 * MiB), Sent("api.stripe.com", 5 * MiB));
    }

    public static IReadOnlyList<Finding> UploadToNewPlace()
    {
        var time = new Timeline(AmountsAlone);
        time.Until(Timeline.Start.AddDays(10), _ => [Timeline.To("api.stripe.com", MiB)]);
        return time.Step(Timeline.To("paste.example.net", 400 * MiB, confirmed: false));
    }

    public static IReadOnlyList<Finding> UploadDayByDay()
    {
        var time = new Timeline(AmountsAlone);
        time.Until(Timeline.Start.AddDays(14), _ => [Timeline.To("api.stripe.com", MiB)]);
        return time.Until(Timeline.Start.AddDays(15), _ => [Timeline.To("api.stripe.com", MiB), Timeline.To("paste.example.net", 40 * MiB / 12)]);
    }

    public static IReadOnlyList<Finding> UploadInSmallRequests()
    {
        var time = new Timeline(AmountsAlone);
        static IReadOnlyList<NamedIncrement> Asked(double count) =>
        [
            Timeline.To("doh.example.com", count * 200),
            Timeline.To("doh.example.com", 0) with { Increment = Samples.Increment(Timeline.To("doh.example.com", 0).Flow, count) },
        ];
        time.Until(Timeline.Start.AddDays(8), _ => Asked(100));
        return time.Step(Asked(20_000));
    }

    public static IReadOnlyList<Finding> UploadOfSeveral()
    {
        var time = new Timeline(AmountsAlone);
        static NamedIncrement[] Apps(string name, double mebibytes) =>
            [.. Enumerable.Range(0, 8).Select(i => Timeline.To(name, mebibytes * MiB, source: new("shop", $"app-{i}")))];
        time.Until(Timeline.Start.AddDays(9), _ => Apps("api.stripe.com", 1));
        return time.Step(Apps("loot.example.net", 50));
    }

    public static IReadOnlyList<Finding> FanOut()
    {
        var time = new Timeline(AmountsAlone);
        IReadOnlyList<NamedIncrement> Crawl(int sites) =>
            [.. Enumerable.Range(0, sites).Select(i => Timeline.To($"site{i}.example.com", 100, source: new Workload("search", "crawler")))];
        time.Until(Timeline.Start.AddDays(15), _ => Crawl(5));
        return time.Step(Crawl(420));
    }

    public static IReadOnlyList<Finding> FanOutToNewDestinations()
    {
        var time = new Timeline(Options);
        time.Until(Timeline.Start.AddDays(9), _ => [Timeline.To("api.example.com", 10, source: Report)]);
        return time.Step([.. Enumerable.Range(0, 40).Select(i => Timeline.To($"new{i}.example.net", 100, source: Report))]);
    }

    public static IReadOnlyList<Finding> Beaconing()
    {
        var options = Options with { NewDestination = new() { Enabled = false }, Learning = TimeSpan.FromHours(1) };
        var time = new Timeline(options, TimeSpan.FromSeconds(30));
        time.Until(Timeline.Start.AddHours(2), _ => [Timeline.To("api.example.com", 10, source: Report)]);
        while (time.Findings.Count == 0 && time.Now < Timeline.Start.AddDays(1))
            time.Step(time.Now.Minute % 5 == 0 && time.Now.Second == 0 ? [Timeline.To("141.95.34.99", 700, "141.95.34.99", Report, confirmed: false)] : []);
        return time.Findings;
    }

    public static IReadOnlyList<Finding> Forbidden(Route route = Route.Passthrough)
    {
        PolicyDestination destination = new() { Names = [new("*.pastebin.example.org")], Routes = [route] };
        var flow = Samples.Flow("141.95.34.99", sni: "www.pastebin.example.org", source: Report, route: route);
        return new Timeline(Options with
        {
            Blocked = new() { Enabled = false },
            Policies = [new("no-paste-sites", PolicyAction.Forbid, "critical", new(), destination)],
        }).Step(new NamedIncrement(
            route == Route.Blocked ? Samples.Increment(flow) : Samples.Increment(flow, 300 * KiB, Metric.UploadBytes), Confirmed("vps-99.hoster.example.net")));
    }

    public static IReadOnlyList<Finding> NameMismatch() => new Timeline(Options).Step(new NamedIncrement(
        Samples.Increment(Samples.Flow("141.95.33.98", host: "www.mailer.example.com", source: Report, port: "80"), 2 * KiB, Metric.UploadBytes),
        Confirmed("vps-98.hoster.example.net"),
        new RefutedClaim("www.mailer.example.com", NameSource.Host, "resolves to 145.14.30.7 (asked twice)")));

    public static IReadOnlyList<Finding> MetadataService() => new Timeline(Options).Step(new NamedIncrement(
        Samples.Increment(Samples.Flow("169.254.169.254", source: Report, port: "80")),
        new Destination(LabelValues.CloudMetadata, NameSource.Special, true)));

    public static IReadOnlyList<Finding> OutsideRegion() => new Timeline(Options with
    {
        OutsideRegion = new() { AllowedRegions = [new("payments", ["eu-west-1", "DE"])] },
    }).Step(new NamedIncrement(
        Samples.Increment(Samples.Flow("52.0.0.3", source: new("payments", "api")), 4 * MiB, Metric.UploadBytes),
        new Destination("52.0.0.3", NameSource.Ip, false, "", "AS16509", "us-east-1")));

    public static IReadOnlyList<Finding> ThreatListed(TemporaryFolder folder, Route route = Route.Passthrough)
    {
        ThreatListOptions list = new() { Name = "drop", File = folder.Write("drop.txt", "185.199.72.0/24\n"), MaxAge = TimeSpan.FromDays(3650) };
        var options = Options with { Blocked = new() { Enabled = false }, ThreatListed = new() { Lists = [list] } };
        return new Timeline(options).Step(new NamedIncrement(
            Samples.Increment(Samples.Flow("185.199.72.11", source: Report, route: route)), Nameless("185.199.72.11")));
    }

    public static IReadOnlyList<Finding> Watchdog() => new Timeline(new()).Step();

    private static Destination Confirmed(string name) => new(name, NameSource.Ptr, Confirmed: true);

    private static Destination Nameless(string address) => new(address, NameSource.Ip, Confirmed: false);
}
