using System.Net;
using EgressAlerts.Registry;

namespace EgressAlerts.Tests.Registry;

public sealed class EntryFindingsTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EntryPort Raw = new(443, "p", EntryProtocol.Tcp);
    private static readonly EntryPort Tls = new(443, "p", EntryProtocol.Tls);

    [Fact]
    public void An_entry_with_exact_hosts_and_TLS_has_nothing_wrong() => Assert.Empty(Faults(MeshMode.Sidecar, Entry("a/a", "a.example.com", Tls)));

    [Fact]
    public void TCP_without_addresses_opens_its_port_and_takes_the_TLS_of_others()
    {
        var findings = Find(MeshMode.Sidecar, Entry("a/raw", "a.example.com", Raw), Entry("b/tls", "b.example.com", Tls));
        Assert.Equal([EntryFault.TakesTls, EntryFault.OpensPort], findings.Select(one => one.Fault));
        Assert.Equal(new ResourceName("b", "tls"), findings[0].Other);
        Assert.All(findings, finding => Assert.EndsWith(".", finding.What + finding.Remedy, StringComparison.Ordinal));
        // With addresses it takes only what goes there.
        Assert.Empty(Faults(
            MeshMode.Sidecar,
            Entry("a/raw", "a.example.com", Raw) with { Addresses = [IPNetwork.Parse("192.0.2.1/32")] },
            Entry("b/tls", "b.example.com", Tls)));
    }

    [Fact]
    public void Two_entries_with_TCP_on_one_port_contradict_each_other_where_one_namespace_sees_both()
    {
        var (one, two) = (Entry("a/one", "a.example.com", Raw), Entry("b/two", "b.example.com", Raw));
        Assert.Contains(EntryFault.RawPortTwice, Faults(MeshMode.Sidecar, one, two));
        Assert.DoesNotContain(EntryFault.RawPortTwice, Faults(MeshMode.Sidecar, one with { ExportTo = ["."] }, two with { ExportTo = ["."] }));
    }

    [Fact]
    public void Two_entries_for_one_host_are_told_by_the_younger_one_unless_they_are_merged()
    {
        var old = Entry("b/old", "a.example.com", Tls) with { Created = Now.AddDays(-9) };
        var young = Entry("a/young", "a.example.com", new EntryPort(80, "p", EntryProtocol.Http)) with { Created = Now };
        var finding = Assert.Single(Find(MeshMode.Sidecar, old, young));
        Assert.Equal((EntryFault.HostTwice, young.Name, old.Name), (finding.Fault, finding.Entry, finding.Other));
        Assert.Empty(Faults(MeshMode.Sidecar, old, young with { Name = new("b", "young") }));
    }

    [Theory]
    [InlineData("*", Resolution.None, EntryFault.AnyHost)]
    [InlineData("*.example.com", Resolution.None, EntryFault.WildcardToAnyAddress)]
    [InlineData("*.example.com", Resolution.DynamicDns, EntryFault.WildcardByClaim)]
    public void Wildcards_open_more_than_they_say(string host, Resolution resolution, EntryFault fault) =>
        Assert.Equal([fault], Faults(MeshMode.Sidecar, Entry("a/a", host, Tls) with { Resolution = resolution }));

    [Fact]
    public void In_ambient_mode_exportTo_is_ignored()
    {
        var entry = Entry("a/a", "a.example.com", Tls) with { ExportTo = ["."] };
        Assert.Equal([EntryFault.ExportIgnored], Faults(MeshMode.Ambient, entry));
        Assert.Empty(Faults(MeshMode.Sidecar, entry));
    }

    [Fact]
    public void A_thousand_findings_are_listed_and_no_more() => Assert.Equal(
        EntryFindings.Most,
        Find(MeshMode.Sidecar, [.. Enumerable.Range(0, 1_500).Select(i => Entry($"a/e{i}", $"h{i}.example.com", Raw))]).Count);

    [Fact]
    public void A_host_without_traffic_for_30_days_is_unused_and_a_wildcard_is_used_by_every_name_below_it()
    {
        var registry = MeshRegistry.Of(
        [
            Entry("a/used", "used.example.com", Tls),
            Entry("b/wild", "*.example.org", Tls),
            Entry("c/never", "never.example.com", Tls),
            Entry("d/long-ago", "old.example.com", Tls),
            Entry("e/young", "young.example.com", Tls) with { Created = Now.AddDays(-3) },
        ]);
        var uses = new Dictionary<string, DateTimeOffset>
        {
            ["used.example.com"] = Now.AddDays(-1),
            ["deep.below.example.org"] = Now.AddDays(-2),
            ["old.example.com"] = Now.AddDays(-31),
        };
        var unused = EntryFindings.Unused(registry, uses, Now.AddDays(-60), Now);
        Assert.Equal([new(new("c", "never"), "never.example.com", null), new UnusedHost(new("d", "long-ago"), "old.example.com", Now.AddDays(-31))], unused);
        Assert.Empty(EntryFindings.Unused(registry, uses, Now.AddDays(-29), Now));
    }

    private static IEnumerable<EntryFault> Faults(MeshMode mode, params ServiceEntry[] entries) => Find(mode, entries).Select(finding => finding.Fault);

    private static IReadOnlyList<EntryFinding> Find(MeshMode mode, params ServiceEntry[] entries) => EntryFindings.Of(MeshRegistry.Of(entries), mode);

    private static ServiceEntry Entry(string name, string host, EntryPort port) =>
        new(new(name.Split('/')[0], name.Split('/')[1]), [host], [], [port], Resolution.Dns, []);
}
