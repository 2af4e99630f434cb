using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Past;
using EgressAlerts.Proposals;

namespace EgressAlerts.Tests.Proposals;

/// <summary>What can be proposed is proposed as narrowly as it was seen. All else is listed for a person to decide.</summary>
public sealed class ProposerTests
{
    private readonly PastBook _book = new();

    [Fact]
    public void A_confirmed_server_name_becomes_a_host_with_TLS_on_the_ports_that_were_used()
    {
        _book.Use("shop/cart", "api.stripe.com", "443/tcp", domain: "stripe.com").Use("shop/checkout", "api.stripe.com", "8443/tcp", domain: "stripe.com");
        var entry = Assert.Single(Propose().Entries);
        Assert.Equal(("stripe-com-tls-443-tls-8443", "shop", "DNS"), (entry.Name, entry.Namespace, entry.Resolution));
        Assert.Equal([new(443, "TLS"), new(8443, "TLS")], entry.Ports);
        var host = Assert.Single(entry.Hosts);
        Assert.Equal("api.stripe.com", host.Host);
        Assert.Equal((20, 3, 20 * 1024), (host.Seen.Contacts, host.Seen.Days, host.Seen.Upload));
        Assert.Equal(["cart", "checkout"], host.Seen.Workloads);
    }

    [Fact]
    public void Hosts_of_one_owner_share_an_entry_only_where_their_ports_are_the_same()
    {
        _book.Use("shop/cart", "a.example.com", "443/tcp", domain: "example.com").Use("shop/cart", "b.example.com", "443/tcp", domain: "example.com")
            .Use("shop/cart", "c.example.com", "80/http", NameSource.Host, domain: "example.com");
        var entries = Propose().Entries;
        Assert.Equal(["example-com-http-80", "example-com-tls-443"], entries.Select(entry => entry.Name));
        Assert.Equal(["a.example.com", "b.example.com"], entries[1].Hosts.Select(host => host.Host));
    }

    [Fact]
    public void What_a_policy_refuses_is_registered_already_and_is_not_proposed()
    {
        _book.Use("shop/cart", "api.example.com", "80/http", NameSource.Registry, route: Route.Blocked);
        var proposal = Propose();
        Assert.Empty(proposal.Entries);
        Assert.Empty(proposal.Decide);
    }

    [Fact]
    public void A_host_header_without_a_port_stands_for_port_80()
    {
        _book.Use("shop/cart", "a.example.com", "/http", NameSource.Host);
        Assert.Equal([new(80, "HTTP")], Assert.Single(Propose().Entries).Ports);
    }

    [Fact]
    public void Raw_TCP_has_the_addresses_that_were_dialled_and_keeps_them()
    {
        _book.Use("shop/cart", "smtp.example.com", "587/tcp", NameSource.Ptr);
        var entry = Assert.Single(Propose(known: Knows("smtp.example.com", "192.0.2.8", "192.0.2.7")).Entries);
        Assert.Equal(["192.0.2.7/32", "192.0.2.8/32"], entry.Addresses);
        Assert.Equal(("NONE", "TCP"), (entry.Resolution, Assert.Single(entry.Ports).Protocol));
    }

    [Fact]
    public void A_network_of_the_configuration_is_as_wide_as_the_configuration_says()
    {
        _book.Use("shop/cart", "partner", "22/tcp", NameSource.Network, owner: "partner-inc");
        var networks = new[] { ("partner", IPNetwork.Parse("198.51.100.0/28")) }.ToLookup(one => one.Item1, one => one.Item2);
        var entry = Assert.Single(Propose(known: PastKnowledge.None with { Networks = networks }).Entries);
        Assert.Equal(["198.51.100.0/28"], entry.Addresses);
        Assert.Equal("partner.external", Assert.Single(entry.Hosts).Host);
    }

    [Theory]
    [InlineData("shop/cart", "www.example.com", "443/tcp", NameSource.Sni, false, "Only the client says this name.")]
    [InlineData("shop/cart", "www.example.com", "80/http", NameSource.Host, false, "Only the client says this name.")]
    [InlineData("shop/cart", "smtp.example.com", "443/tcp", NameSource.Ptr, true, "which server name the application asks for")]
    [InlineData("shop/cart", "smtp.example.com", "587/tcp", NameSource.Ptr, true, "its addresses are not known here")]
    [InlineData("shop/cart", "*.compute.example.com", "443/tcp", NameSource.Ptr, true, "machines of a provider")]
    [InlineData("shop/cart", "fake.example.com", "443/tcp", NameSource.PtrUnconfirmed, false, "chose this name")]
    [InlineData("shop/cart", "203.0.113.9", "443/tcp", NameSource.Ip, false, "The address has no name.")]
    [InlineData("shop/cart", "cloud-metadata", "80/tcp", NameSource.Special, true, "special range")]
    [InlineData("shop/cart", "unknown", "/tcp", NameSource.Unknown, false, "neither host nor address")]
    [InlineData("shop/cart", "__other__", "443/tcp", NameSource.Unknown, false, "no place within the limits")]
    [InlineData("shop/cart", "www.example.com", "/tcp", NameSource.Sni, true, "does not tell the port")]
    [InlineData("shop/cart", "*.example.com", "443/tcp", NameSource.Sni, true, "several names")]
    [InlineData("shop/cart", "aws-s3", "5432/tcp", NameSource.Network, true, "its addresses are not known here")]
    public void What_nobody_vouches_for_or_can_be_matched_is_left_to_a_person(
        string source, string name, string port, NameSource from, bool confirmed, string why)
    {
        _book.Use(source, name, port, from, confirmed);
        var proposal = Propose();
        Assert.Empty(proposal.Entries);
        var one = Assert.Single(proposal.Decide);
        Assert.Contains(why, one.Why, StringComparison.Ordinal);
        Assert.EndsWith(".", one.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claimed_name_is_proposed_once_somebody_has_accepted_it()
    {
        _book.Use("shop/cart", "www.example.com", "443/tcp", confirmed: false).Use("shop/cart", "evil.example.net", "443/tcp", confirmed: false);
        var proposal = Propose(ProposalOptions.Sidecars with { Accepted = [new("*.example.com")] });
        Assert.Equal("www.example.com", Assert.Single(Assert.Single(proposal.Entries).Hosts).Host);
        Assert.Equal("evil.example.net", Assert.Single(proposal.Decide).Destination);
    }

    [Fact]
    public void A_wildcard_is_proposed_only_where_the_version_of_Istio_can_resolve_it()
    {
        _book.Use("shop/cart", "a.cdn.example.com", "443/tcp").Use("shop/cart", "b.cdn.example.com", "443/tcp", confirmed: false);
        var options = ProposalOptions.Sidecars with { Wildcards = [new("*.cdn.example.com")] };
        Assert.Empty(Propose(options).Entries);
        Assert.Contains("--istio-version", Propose(options).Decide[0].Why, StringComparison.Ordinal);
        Assert.Contains("needs Istio 1.30", Propose(options with { Istio = new(1, 29) }).Decide[0].Why, StringComparison.Ordinal);
        var entry = Assert.Single(Propose(options with { Istio = new(1, 30) }).Entries);
        Assert.Equal(("*.cdn.example.com", "DYNAMIC_DNS"), (Assert.Single(entry.Hosts).Host, entry.Resolution));
        Assert.Contains("client chooses", entry.Warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_workload_without_an_end_of_destinations_is_one_decision_and_not_a_list()
    {
        for (var i = 0; i < 150; i++) _book.Use("search/crawler", $"site-{i}.example.net", "443/tcp");
        _book.Use("search/index", "site-7.example.net", "443/tcp");
        var proposal = Propose();
        Assert.Equal("site-7.example.net", Assert.Single(Assert.Single(proposal.Entries).Hosts).Host);
        var one = Assert.Single(proposal.Decide);
        Assert.Equal(("149 destinations", 1490), (one.Destination, one.Seen.Contacts));
    }

    [Fact]
    public void What_an_entry_registers_already_is_named_and_not_repeated()
    {
        _book.Use("shop/cart", "api.stripe.com", "443/tcp", NameSource.Registry, route: Route.Registered);
        var proposal = Propose();
        Assert.Empty(proposal.Entries);
        Assert.Empty(proposal.Decide);
        Assert.Equal(["shop: api.stripe.com"], proposal.Registered);
        Assert.Equal(["shop"], proposal.Namespaces);
    }

    [Fact]
    public void What_the_mesh_refuses_today_is_no_wish()
    {
        _book.Use("shop/cart", "pastebin.example.org", "80/http", NameSource.Host, route: Route.Blocked);
        Assert.Contains("refuses it today", Assert.Single(Propose().Decide).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_was_used_with_two_protocols_is_left_to_a_person()
    {
        _book.Use("shop/cart", "a.example.com", "8080/http", NameSource.Host).Use("shop/cart", "a.example.com", "8080/grpc", NameSource.Host);
        var proposal = Propose();
        Assert.Empty(proposal.Entries);
        Assert.Contains("Port 8080 was used with HTTP and GRPC", Assert.Single(proposal.Decide).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void In_ambient_mode_a_host_is_one_entry_in_the_egress_namespace_and_its_policy_names_who_may_use_it()
    {
        _book.Use("shop/cart", "a.example.com", "443/tcp", domain: "example.com").Use("web/front", "a.example.com", "443/tcp", domain: "example.com")
            .Use("web/front", "b.example.com", "443/tcp", domain: "example.com");
        var proposal = Propose(ProposalOptions.Sidecars with { IsAmbient = true });
        Assert.Empty(proposal.Namespaces);
        Assert.Equal(
            [("example-com-tls-443", "shop,web", "a.example.com"), ("example-com-tls-443-2", "web", "b.example.com")],
            proposal.Entries.Select(entry => (entry.Name, string.Join(',', entry.Callers), Assert.Single(entry.Hosts).Host)));
        Assert.All(proposal.Entries, entry => Assert.Equal("istio-egress", entry.Namespace));
    }

    [Fact]
    public void An_owner_with_more_hosts_than_an_entry_can_have_gets_several()
    {
        for (var i = 0; i < 600; i++) _book.Use($"shop/workload-{i % 20}", $"api-{i:000}.example.com", "443/tcp", domain: "example.com");
        Assert.Equal(
            [("example-com-tls-443", 256), ("example-com-tls-443-2", 256), ("example-com-tls-443-3", 88)],
            Propose().Entries.Select(entry => (entry.Name, entry.Hosts.Count)));
    }

    [Fact]
    public void Two_owners_whose_names_look_alike_have_entries_of_different_names()
    {
        _book.Use("shop/cart", "x.a-b.example", "443/tcp", domain: "a-b.example").Use("shop/cart", "x.a.b.example", "443/tcp", domain: "a.b.example");
        Assert.Equal(["a-b-example-tls-443", "a-b-example-tls-443-2"], Propose().Entries.Select(entry => entry.Name));
    }

    private static PastKnowledge Knows(string name, params string[] addresses) =>
        PastKnowledge.None with { Addresses = asked => asked == name ? [.. addresses.Select(IPAddress.Parse)] : [] };

    private Proposal Propose(ProposalOptions? options = null, PastKnowledge? known = null) =>
        Proposer.Propose(_book.Traffic, options ?? ProposalOptions.Sidecars, known ?? PastKnowledge.None, (_, _) => false);
}
