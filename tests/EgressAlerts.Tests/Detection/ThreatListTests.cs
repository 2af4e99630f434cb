using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Testing;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Detection;

public sealed class ThreatListTests : IDisposable
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Addresses_networks_and_domains_are_read_in_the_ways_in_which_lists_are_written()
    {
        var list = Read("""
            # a comment
            ; another
            203.0.113.0/24 ; SBL123
            198.51.100.7
            198.51.100.77/28,2026-01-01,malware
            2001:db8:bad::/48
            0.0.0.0 evil.example.com # from a hosts file
            *.botnet.example.net
            Malware.Example.ORG
            0.0.0.0/0
            not_a_domain
            """);
        Assert.Equal(7, list.Count);
        Assert.Equal("203.0.113.0/24", list.Find(IPAddress.Parse("203.0.113.200")));
        Assert.Equal("198.51.100.64/28", list.Find(IPAddress.Parse("198.51.100.70")));
        Assert.Equal("198.51.100.7/32", list.Find(IPAddress.Parse("198.51.100.7")));
        Assert.Equal("2001:db8:bad::/48", list.Find(IPAddress.Parse("2001:db8:bad:1::1")));
        Assert.Null(list.Find(IPAddress.Parse("198.51.100.8")));
        Assert.Equal("evil.example.com", list.Find("a.b.evil.example.com"));
        Assert.Equal("botnet.example.net", list.Find("botnet.example.net"));
        Assert.Equal("malware.example.org", list.Find("malware.example.org"));
        Assert.Null(list.Find("notevil.example.com"));
        Assert.Null(list.Find("com"));
        Assert.Null(list.Find("not_a_domain"));
    }

    [Fact]
    public void An_address_that_is_mapped_into_IPv6_lists_its_IPv4_address_whatever_the_prefix() => Prop.ForAll(
        (from length in Gen.Choose(0, 130) from address in Gen.Elements("52.1.2.3", "0.0.0.0", "255.255.255.255") select (length, address)).ToArbitrary(),
        these =>
        {
            var list = Read($"203.0.113.0/24\n::ffff:{these.address}/{these.length}\n");
            var address = IPAddress.Parse(these.address);
            var isListed = these.length is >= 96 + 8 and <= 128;
            var entry = list.Find(address);
            return isListed ? list.Count == 2 && entry!.EndsWith($"/{these.length - 96}", StringComparison.Ordinal) : list.Count == 1 && entry is null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Lines_that_no_entry_can_be_made_of_are_passed_over_and_counted()
    {
        var list = Read("::ffff:203.0.113.9\n198.51.100.0/24\nexample.org\n::ffff:0:0/96\n0.0.0.0/0\nnot_a_domain\n");
        Assert.Equal((3, 3), (list.Count, list.Skipped));
        Assert.Equal("203.0.113.9/32", list.Find(IPAddress.Parse("203.0.113.9")));
        Assert.Null(list.Find(IPAddress.Parse("8.8.8.8")));
    }

    [Fact]
    public void Another_kind_of_file_is_refused_and_one_that_becomes_such_leaves_the_old_list_in_use()
    {
        Assert.Contains(
            "holds 2 lines that are neither address, network nor domain, such as '<html>'",
            Assert.Throws<InvalidDataException>(() => Read("<html>\n<body>\n")).Message,
            StringComparison.Ordinal);
        var list = Read("203.0.113.0/24\n");
        File.WriteAllText(_folder.File("list"), "<html>\n<body> error 500\n");
        list.Refresh(NullLogger.Instance);
        Assert.Equal(1, list.Count);
        File.WriteAllText(_folder.File("list"), "203.0.113.0/24\n192.0.2.0/24\n");
        list.Refresh(NullLogger.Instance);
        Assert.Equal(2, list.Count);
    }

    [Fact]
    public void A_list_whose_file_vanishes_is_warned_of_once_stays_in_use_until_it_expires_and_is_read_again_when_it_is_back()
    {
        var (list, log, file) = (Read("203.0.113.0/24\n"), new ListLogger<ThreatList>(), _folder.File("list"));
        var written = new DateTimeOffset(File.GetLastWriteTimeUtc(file));
        File.Delete(file);
        list.Refresh(log);
        list.Refresh(log);
        Assert.StartsWith($"Warning: {file} is gone or cannot be reached. What it said before", Assert.Single(log.Entries), StringComparison.Ordinal);
        Assert.Equal((false, true), (list.IsExpired(written + Week), list.IsExpired(written + Week + TimeSpan.FromSeconds(1))));
        Assert.Equal("203.0.113.0/24", list.Find(IPAddress.Parse("203.0.113.9")));

        _folder.Write("list", "203.0.113.0/24\n192.0.2.0/24\n");
        list.Refresh(log);
        Assert.Equal((2, 2), (list.Count, log.Entries.Count));
    }

    [Fact]
    public void The_metrics_keep_the_number_of_entries_until_the_list_expires_and_tell_that_its_file_is_gone()
    {
        var self = new MetricRegistry();
        var (time, file, list) = (new HandTime(), _folder.File("list"), Read("203.0.113.0/24\n"));
        File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
        list.Refresh(NullLogger.Instance);
        var metrics = new DetectionMetrics(self, time);
        metrics.Watch([list]);
        Assert.Equal((1, time.GetUtcNow().ToUnixTimeSeconds()), Shown());
        File.Delete(file);
        list.Refresh(NullLogger.Instance);
        time.Advance(Week);
        Assert.Equal((1, 0), Shown());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0, 0), Shown());

        (double Entries, double Modified) Shown() =>
            (self.Sum("egress_alerts_threat_list_entries", "bad"), self.Sum("egress_alerts_threat_list_last_modified_timestamp_seconds", "bad"));
    }

    [Fact]
    public void A_list_that_is_replaced_by_rubbish_again_and_again_expires_all_the_same()
    {
        var (list, file) = (Read("203.0.113.0/24\n"), _folder.File("list"));
        var written = new DateTimeOffset(File.GetLastWriteTimeUtc(file));
        File.WriteAllText(file, "<html>\n");
        File.SetLastWriteTimeUtc(file, written.UtcDateTime.AddDays(6));
        list.Refresh(NullLogger.Instance);
        Assert.Equal((1, true), (list.Count, list.IsExpired(written.AddDays(8))));
    }

    [Fact]
    public void A_listed_address_is_found_at_once_also_where_it_was_refused_and_a_listed_name_when_it_is_known_and_each_counts_once()
    {
        var detectors = Timeline.New(new DetectionOptions
        {
            Watchdog = new() { Enabled = false },
            Blocked = new() { Enabled = false },
            ThreatListed = new() { Lists = [Listed("203.0.113.0/24\nevil.example.com\n10.0.0.0/8\n")] },
        });
        Increment To(string address, Route route = Route.Passthrough) => Samples.Increment(Samples.Flow(address, route: route));
        NamedIncrement Named(Increment increment, string name, NameSource source = NameSource.Ptr) =>
            new(increment, new Destination(name, source, source == NameSource.Ptr));
        var (listed, refused, named, inside) = (To("203.0.113.9"), To("203.0.113.10", Route.Blocked), To("52.0.0.1"), To("10.1.1.1"));
        var findings = detectors.Observe(Samples.NamedAs(
            1,
            Named(listed, "203.0.113.9", NameSource.Ip),
            Named(refused, "203.0.113.10", NameSource.Ip) with { Stage = NameStage.Open },
            Named(named, "52.0.0.1", NameSource.Ip) with { Stage = NameStage.Open },
            Named(inside, "private", NameSource.Special)));
        Assert.Equal(["203.0.113.10", "203.0.113.9"], findings.Select(finding => finding.Destination).Order(StringComparer.Ordinal));
        Assert.All(findings, finding => Assert.Equal(("EgressThreatListed", "critical"), (finding.AlertName, finding.Severity)));
        Assert.Contains(
            findings,
            finding => finding.Description.Contains(
                "It is on threat list bad (entry 203[.]0[.]113[.]0/24). Seen: 1 request or connection at",
                StringComparison.Ordinal));

        findings = detectors.Observe(Samples.NamedAs(2, Named(named, "c2.evil.example.com") with { Stage = NameStage.FinalLater }));
        Assert.Equal("c2.evil.example.com", Assert.Single(findings, finding => finding.Destination.Contains("evil", StringComparison.Ordinal)).Destination);
    }

    [Fact]
    public void What_is_known_at_once_is_not_counted_again_when_its_name_is_final()
    {
        var detectors = Timeline.New(new DetectionOptions
        {
            Watchdog = new() { Enabled = false },
            ThreatListed = new() { Lists = [Listed("evil.example.com\n")] },
        });
        var registered = new NamedIncrement(
            Samples.Increment(Samples.Flow(service: "evil.example.com", route: Route.Registered), 3),
            new Destination("evil.example.com", NameSource.Registry, Confirmed: true));
        var finding = Assert.Single(detectors.Observe(Samples.NamedAs(1, registered)));
        Assert.Contains("Seen: 3 requests or connections at", finding.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expired_list_matches_nothing()
    {
        var lists = new ThreatListedOptions { Lists = [Listed("203.0.113.0/24\n")] };
        var detectors = Timeline.New(new DetectionOptions { Watchdog = new() { Enabled = false }, ThreatListed = lists });
        NamedReading At(DateTimeOffset end) => Samples.Named(1, Samples.Increment(Samples.Flow("203.0.113.9"))) is var named
            ? named with { Window = new(end.AddSeconds(-30), end) }
            : named;
        Assert.Single(detectors.Observe(At(Samples.Start + Week)));
        Assert.Empty(detectors.Observe(At(Samples.Start + Week + TimeSpan.FromHours(1))));
    }

    [Fact]
    public void What_is_found_is_what_going_through_the_lines_one_by_one_finds() => Prop.ForAll(
        (from lines in Gen.Elements("a.com", "b.a.com", "c.org", "52.0.0.0/16", "52.0.1.0/24", "52.0.1.7").ListOf()
         from host in Gen.Elements("a.com", "x.b.a.com", "xa.com", "c.org", "org")
         from address in Gen.Elements("52.0.1.7", "52.0.1.8", "52.0.2.1", "53.0.0.1")
         select (lines: lines.Distinct().ToList(), host, address)).ToArbitrary(),
        these =>
        {
            var list = Read(string.Join('\n', these.lines));
            var byName = these.lines.Any(line => these.host == line || these.host.EndsWith("." + line, StringComparison.Ordinal));
            var address = IPAddress.Parse(these.address);
            var byAddress = these.lines.Any(line =>
                these.address == line || (line.Contains('/', StringComparison.Ordinal) && IPNetwork.Parse(line).Contains(address)));
            return (list.Find(these.host) is not null) == byName && (list.Find(address) is not null) == byAddress;
        }).QuickCheckThrowOnFailure();

    /// <summary>A list that was written at <see cref="Samples.Start"/>.</summary>
    private ThreatListOptions Listed(string text)
    {
        File.SetLastWriteTimeUtc(_folder.Write("list", text), Samples.Start.UtcDateTime);
        return new() { Name = "bad", File = _folder.File("list"), MaxAge = Week };
    }

    private ThreatList Read(string text) => new(Listed(text));
}
