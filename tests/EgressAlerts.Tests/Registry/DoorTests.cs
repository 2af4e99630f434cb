using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Registry;

namespace EgressAlerts.Tests.Registry;

/// <summary>Each rule quotes the sentence of Istio's documentation that it comes from.</summary>
public sealed class DoorTests
{
    private static readonly ServiceEntry Stripe = Entry("payments/stripe", "api.stripe.com", new EntryPort(443, "tls", EntryProtocol.Tls));

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "For HTTPs or TLS traffic containing Server Name Indication (SNI), the SNI value will be matched against the hosts field."
    [Theory]
    [InlineData("api.stripe.com", "443", Outcome.Passes)]
    [InlineData("API.STRIPE.COM", "443", Outcome.Passes)]
    [InlineData("api.stripe.com", "8443", Outcome.Refused)]
    [InlineData("stripe.com", "443", Outcome.Refused)]
    public void TLS_is_matched_by_its_server_name_and_port(string host, string port, Outcome outcome) =>
        Assert.Equal(outcome, Judge([Stripe], Tls(host, port)).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "For HTTP traffic the HTTP Host/Authority header will be matched against the hosts field."
    [Theory]
    [InlineData(EntryProtocol.Http, Outcome.Passes)]
    [InlineData(EntryProtocol.Http2, Outcome.Passes)]
    [InlineData(EntryProtocol.Grpc, Outcome.Passes)]
    [InlineData(EntryProtocol.Auto, Outcome.Passes)]
    [InlineData(EntryProtocol.Tls, Outcome.Refused)]
    [InlineData(EntryProtocol.Https, Outcome.Refused)]
    public void HTTP_is_matched_by_its_Host_header_at_ports_of_HTTP(EntryProtocol protocol, Outcome outcome) => Assert.Equal(
        outcome,
        Judge([Entry("n/e", "api.example.com", new EntryPort(80, "p", protocol))], Http("api.example.com", "80")).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/service-entry/ (the same sentences: TLS has no Host header that the proxy could read)
    [Fact]
    public void TLS_to_a_port_that_is_registered_as_HTTP_is_refused_and_the_reason_names_the_entry()
    {
        var verdict = Judge([Entry("n/e", "api.example.com", new EntryPort(443, "p", EntryProtocol.Http))], Tls("api.example.com"));
        Assert.Equal(Outcome.Refused, verdict.Outcome);
        Assert.Equal("ServiceEntry n/e registers api.example.com on port 443 as HTTP, which this traffic is not.", verdict.Why);
    }

    // https://istio.io/latest/docs/reference/config/networking/service-entry/ "Could be a DNS name with wildcard prefix."
    [Theory]
    [InlineData("*.example.com", "api.example.com", Outcome.Passes)]
    [InlineData("*.example.com", "a.b.example.com", Outcome.Passes)]
    [InlineData("*.example.com", "example.com", Outcome.Refused)]
    [InlineData("*.example.com", "badexample.com", Outcome.Refused)]
    [InlineData("*", "any.example.org", Outcome.Passes)]
    public void A_wildcard_stands_for_all_names_below_it_and_not_for_itself(string registered, string host, Outcome outcome) =>
        Assert.Equal(outcome, Judge([Entry("n/e", registered, new EntryPort(443, "p", EntryProtocol.Tls))], Tls(host)).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "The value "." is reserved and defines an export to the same namespace that the service is declared in."
    // "If no namespaces are specified then the service is exported to all namespaces by default."
    [Theory]
    [InlineData("", "checkout", Outcome.Passes)]
    [InlineData("*", "checkout", Outcome.Passes)]
    [InlineData(".", "checkout", Outcome.Refused)]
    [InlineData(".", "payments", Outcome.Passes)]
    [InlineData("checkout", "checkout", Outcome.Passes)]
    [InlineData("checkout", "payments", Outcome.Refused)]
    [InlineData("~", "payments", Outcome.Refused)]
    public void An_entry_is_seen_where_it_is_exported_to(string exportTo, string ns, Outcome outcome) => Assert.Equal(
        outcome,
        Judge([Stripe with { ExportTo = exportTo.Length == 0 ? [] : [exportTo] }], Tls("api.stripe.com") with { Source = new(ns, "api") }).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/sidecar/
    // "One or more service hosts exposed by the listener in `namespace/dnsName` format."
    // "A host may also be excluded by prefixing the `namespace` with `~`." (1.31)
    [Theory]
    [InlineData("*/*", Outcome.Passes)]
    [InlineData("./*", Outcome.Refused)]
    [InlineData("payments/*", Outcome.Passes)]
    [InlineData("payments/api.stripe.com", Outcome.Passes)]
    [InlineData("*/*.stripe.com", Outcome.Passes)]
    [InlineData("*/*.adyen.com", Outcome.Refused)]
    [InlineData("~/*", Outcome.Refused)]
    [InlineData("*/* ~payments/*", Outcome.Refused)]
    [InlineData("*/* ~/api.stripe.com", Outcome.Refused)]
    [InlineData("*/* ~other/*", Outcome.Passes)]
    public void A_Sidecar_imports_what_its_hosts_name(string hosts, Outcome outcome) => Assert.Equal(
        outcome,
        Judge([Stripe], Tls("api.stripe.com"), Sidecar("checkout/default", new EgressListener(null, "", hosts.Split(' ')))).Outcome);

    // https://istio.io/latest/docs/reference/config/networking/sidecar/
    // "Note that when multiple egress listeners are specified, where one or more listeners have specific ports while others have no port, the hosts exposed
    // on a listener port will be based on the listener with the most specific port."
    [Fact]
    public void A_listener_with_the_port_decides_before_one_for_all_ports()
    {
        var sidecar = Sidecar("checkout/default", new EgressListener(443, "", ["./*"]), new EgressListener(null, "", ["*/*"]));
        Assert.Equal(Outcome.Refused, Judge([Stripe], Tls("api.stripe.com"), sidecar).Outcome);
        var other = Stripe with { Ports = [new(8443, "p", EntryProtocol.Tls)] };
        Assert.Equal(Outcome.Passes, Judge([other], Tls("api.stripe.com", "8443"), sidecar).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/sidecar/
    // "A `Sidecar` configuration in the `MeshConfig` root namespace will be applied by default to all namespaces without a `Sidecar` configuration."
    [Fact]
    public void The_Sidecar_of_the_root_namespace_is_for_namespaces_without_their_own()
    {
        var root = Sidecar("istio-system/default", new EgressListener(null, "", ["./*"]));
        Assert.Equal(new("istio-system", "default"), Judge([Stripe], Tls("api.stripe.com"), root).By);
        var own = Sidecar("checkout/default", new EgressListener(null, "", ["*/*"]));
        Assert.Equal(Outcome.Passes, Judge([Stripe], Tls("api.stripe.com"), root, own).Outcome);
        // The dot is the namespace of the workload, not that of the Sidecar.
        Assert.Equal(Outcome.Passes, Judge([Stripe], Tls("api.stripe.com") with { Source = new("payments", "api") }, root).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/sidecar/
    // "preference will be given to the resource with a `workloadSelector` that selects this workload instance"
    [Fact]
    public void A_Sidecar_with_a_selector_makes_the_verdict_unknown_only_where_it_would_change_it()
    {
        var selected = Sidecar("checkout/some", new EgressListener(null, "", ["./*"])) with { Selector = new Dictionary<string, string> { ["app"] = "x" } };
        Assert.Equal(Outcome.Unknown, Judge([Stripe], Tls("api.stripe.com"), selected).Outcome);
        Assert.Equal(Outcome.Refused, Judge([Stripe], Tls("api.adyen.com"), selected).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/sidecar/
    // "In `REGISTRY_ONLY` mode, unknown outbound traffic will be dropped." "In `ALLOW_ANY` mode, any traffic to unknown destinations will be allowed."
    [Theory]
    [InlineData(true, null, Outcome.Refused)]
    [InlineData(false, null, Outcome.Passes)]
    [InlineData(true, OutboundMode.AllowAny, Outcome.Passes)]
    [InlineData(false, OutboundMode.RegistryOnly, Outcome.Refused)]
    public void A_Sidecar_overrides_the_policy_of_the_mesh(bool registryOnly, OutboundMode? own, Outcome outcome)
    {
        var registry = MeshRegistry.Of([], [Sidecar("checkout/default") with { Outbound = own }]);
        Assert.Equal(outcome, new Door(registry, MeshMode.Sidecar, registryOnly).Judge(Tls("api.adyen.com")).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "If one or more IP addresses are specified, the incoming traffic will be identified as belonging to this service if the destination IP matches the
    // IP/CIDRs specified in the addresses field."
    [Theory]
    [InlineData("192.0.2.7", Outcome.Passes)]
    [InlineData("198.51.100.7", Outcome.Refused)]
    [InlineData("192.0.2.7 198.51.100.7", Outcome.Unknown)]
    [InlineData("", Outcome.Unknown)]
    public void TCP_is_matched_by_all_addresses_that_are_known(string addresses, Outcome outcome)
    {
        var entry = Entry("n/db", "db.example.com", new EntryPort(5432, "tcp", EntryProtocol.Tcp)) with { Addresses = [IPNetwork.Parse("192.0.2.0/24")] };
        var flow = Flow(new("db.example.net", NameSource.Ptr, true), "5432", Protocol.Tcp) with
        {
            Addresses = [.. addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)],
        };
        Assert.Equal(outcome, Judge([entry], flow).Outcome);
        Assert.Equal(Outcome.Refused, Judge([entry], flow with { Port = "5433" }).Outcome);
    }

    [Fact]
    public void The_name_of_an_address_is_the_address()
    {
        var entry = Entry("n/db", "db.example.com", new EntryPort(5432, "tcp", EntryProtocol.Tcp)) with { Addresses = [IPNetwork.Parse("192.0.2.0/24")] };
        Assert.Equal(Outcome.Passes, Judge([entry], Flow(new("192.0.2.9", NameSource.Ip, false), "5432", Protocol.Tcp)).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "If the Addresses field is empty, traffic will be identified solely based on the destination port."
    [Fact]
    public void TCP_without_addresses_lets_every_address_on_its_port_out_and_the_reason_says_so()
    {
        var verdict = Judge([Entry("n/db", "db.example.com", new EntryPort(443, "tcp", EntryProtocol.Tcp))], Tls("evil.example.org"));
        Assert.Equal(Outcome.Passes, verdict.Outcome);
        Assert.Equal("ServiceEntry n/db registers TCP on port 443 without addresses, which lets every address on that port out.", verdict.Why);
    }

    // https://istio.io/latest/docs/reference/config/networking/service-entry/
    // "For HTTP traffic, generated route configurations will include http route domains for both the `addresses` and `hosts` field values"
    [Fact]
    public void HTTP_to_an_address_passes_where_an_HTTP_entry_has_it()
    {
        var entry = Entry("n/e", "api.example.com", new EntryPort(80, "p", EntryProtocol.Http)) with { Addresses = [IPNetwork.Parse("192.0.2.9/32")] };
        Assert.Equal(Outcome.Passes, Judge([entry], Flow(new("192.0.2.9", NameSource.Ip, false), "80", Protocol.Http)).Outcome);
        Assert.Equal(Outcome.Refused, Judge([entry], Flow(new("192.0.2.8", NameSource.Ip, false), "80", Protocol.Http)).Outcome);
    }

    // https://istio.io/latest/docs/reference/config/networking/sidecar/ "The sidecar is not able to enforce an outbound traffic restriction". It matches by
    // the name that the client sends, and a client may send any name to any address.
    [Fact]
    public void A_name_that_only_the_client_claims_is_unknown_where_an_entry_has_it_and_refused_where_none_has()
    {
        var claimed = Tls("api.stripe.com") with { Destination = new("api.stripe.com", NameSource.Sni, false) };
        Assert.Contains("only the client's word", Judge([Stripe], claimed).Why, StringComparison.Ordinal);
        Assert.Equal(Outcome.Unknown, Judge([Stripe], claimed).Outcome);
        Assert.Equal(Outcome.Refused, Judge([Stripe], claimed with { Destination = new("api.adyen.com", NameSource.Sni, false) }).Outcome);
    }

    [Fact]
    public void Reverse_DNS_does_not_tell_the_server_name_so_an_entry_on_the_port_leaves_it_unknown()
    {
        var flow = Flow(new("ec2.example.com", NameSource.Ptr, true), "443", Protocol.Tcp);
        Assert.Equal(Outcome.Unknown, Judge([Stripe], flow).Outcome);
        Assert.Equal(Outcome.Refused, Judge([Stripe], flow with { Port = "8443" }).Outcome);
    }

    [Fact]
    public void A_host_of_the_mesh_that_no_given_entry_has_passes_by_an_entry_that_was_not_given()
    {
        var flow = Flow(new("api.adyen.com", NameSource.Registry, true), "443", Protocol.Tcp) with { Route = Route.Registered };
        var verdict = new Verdict(Outcome.Passes, "The mesh itself says that api.adyen.com is registered, by an entry that was not given.", null);
        Assert.Equal(verdict, Judge([Stripe], flow));
        Assert.Equal(Outcome.Refused, Judge([Stripe], flow, Sidecar("checkout/default", new EgressListener(null, "", ["*/*.stripe.com"]))).Outcome);
        Assert.Equal(Outcome.Unknown, Judge([Stripe], flow, Sidecar("checkout/default", new EgressListener(null, "", ["payments/*"]))).Outcome);
    }

    [Fact]
    public void A_wildcard_that_the_mesh_names_is_judged_as_the_entry_that_has_it()
    {
        var entry = Entry("n/e", "*.example.com", new EntryPort(443, "p", EntryProtocol.Tls));
        var flow = Flow(new("*.example.com", NameSource.Registry, true), "443", Protocol.Tcp);
        Assert.Equal(new("n", "e"), Judge([entry], flow).By);
        Assert.Equal(Outcome.Refused, Judge([entry with { ExportTo = ["."] }], flow).Outcome);
    }

    [Theory]
    [InlineData(Route.Registered, Outcome.Passes)]
    [InlineData(Route.Passthrough, Outcome.Unknown)]
    public void A_host_below_a_wildcard_is_the_clients_word_and_the_mesh_has_let_it_out_by_it(Route route, Outcome outcome)
    {
        var entry = Entry("n/e", "*.example.com", new EntryPort(443, "p", EntryProtocol.Tls));
        var flow = Flow(new("files.example.com", NameSource.Sni, false), "443", Protocol.Tcp) with { Route = route };
        Assert.Equal(outcome, Judge([entry], flow).Outcome);
        Assert.Equal(route == Route.Registered ? Outcome.Passes : Outcome.Refused, Judge([Stripe], flow).Outcome);
    }

    [Theory]
    [InlineData("__other__", NameSource.Ip)]
    [InlineData("unknown", NameSource.Unknown)]
    public void What_is_not_known_is_not_judged(string name, NameSource source) =>
        Assert.Equal(Outcome.Unknown, Judge([Stripe], Flow(new(name, source, false), "443", Protocol.Tcp)).Outcome);

    [Fact]
    public void A_flow_without_a_port_is_unknown_where_an_entry_could_match_it_on_some_port()
    {
        Assert.Equal(Outcome.Unknown, Judge([Stripe], Tls("api.stripe.com", "")).Outcome);
        Assert.Equal(Outcome.Refused, Judge([Stripe], Tls("api.adyen.com", "")).Outcome);
        // RFC 9110, section 4.2.1: a Host header without a port means port 80.
        var entry = Entry("n/e", "api.example.com", new EntryPort(80, "p", EntryProtocol.Http));
        Assert.Equal(Outcome.Passes, Judge([entry], Http("api.example.com", "")).Outcome);
    }

    // The reference does not tell the order. Istio's own pilot/pkg/model/sidecar.go says: "If the same hostname is imported from multiple namespaces, pick the
    // one in the configNamespace", and "we want to pick the first Service, which is the oldest."
    [Fact]
    public void Of_two_entries_for_one_host_the_workloads_own_namespace_wins_and_then_the_oldest()
    {
        var old = Stripe with { Name = new("a", "old"), Created = DateTimeOffset.UnixEpoch, Ports = [new(8443, "p", EntryProtocol.Tls)] };
        var young = Stripe with { Created = DateTimeOffset.UnixEpoch.AddDays(1) };
        Assert.Equal(Outcome.Refused, Judge([old, young], Tls("api.stripe.com")).Outcome);
        Assert.Equal(Outcome.Passes, Judge([old, young], Tls("api.stripe.com") with { Source = new("payments", "api") }).Outcome);
        // In one namespace the ports are merged.
        Assert.Equal(Outcome.Passes, Judge([old with { Name = new("payments", "old") }, young], Tls("api.stripe.com")).Outcome);
    }

    // https://istio.io/latest/docs/tasks/traffic-management/egress/egress-gateway/
    [Fact]
    public void Traffic_to_an_egress_gateway_passes_unless_the_Sidecar_leaves_the_gateway_out()
    {
        var flow = Tls("x") with { Destination = new("istio-egressgateway.istio-system.svc.cluster.local", NameSource.Registry, true), Route = Route.Gateway };
        Assert.Equal(Outcome.Passes, Judge([], flow).Outcome);
        Assert.Equal(Outcome.Passes, Judge([], flow, Sidecar("checkout/default", new EgressListener(null, "", ["istio-system/*"]))).Outcome);
        Assert.Equal(Outcome.Refused, Judge([], flow, Sidecar("checkout/default", new EgressListener(null, "", ["./*"]))).Outcome);
    }

    private static Verdict Judge(IEnumerable<ServiceEntry> entries, SeenFlow flow, params Sidecar[] sidecars) =>
        new Door(MeshRegistry.Of(entries, sidecars), MeshMode.Sidecar, registryOnly: true).Judge(flow);

    private static SeenFlow Tls(string host, string port = "443") => Flow(new(host, NameSource.Sni, true), port, Protocol.Tcp);

    private static SeenFlow Http(string host, string port) => Flow(new(host, NameSource.Host, true), port, Protocol.Http);

    private static SeenFlow Flow(Destination to, string port, Protocol protocol) => new(new("checkout", "api"), to, port, Route.Passthrough, protocol, []);

    private static ServiceEntry Entry(string name, string host, EntryPort port) => new(Name(name), [host], [], [port], Resolution.Dns, []);

    private static Sidecar Sidecar(string name, params EgressListener[] egress) => new(Name(name), null, egress);

    private static ResourceName Name(string text) => new(text.Split('/')[0], text.Split('/')[1]);
}
