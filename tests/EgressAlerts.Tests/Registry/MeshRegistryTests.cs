using System.Net;
using EgressAlerts.Registry;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Registry;

public sealed class MeshRegistryTests
{
    private const string Stripe = """
        apiVersion: networking.istio.io/v1
        kind: ServiceEntry
        metadata:
          name: stripe
          namespace: payments
          creationTimestamp: "2026-01-31T12:00:00Z"
        spec:
          hosts: [API.Stripe.com, "*.stripe.network"]
          addresses: [192.0.2.10, 198.51.100.0/24, "2001:db8::/32"]
          ports:
          - {number: 443, name: tls, protocol: tls}
          - {number: 80, name: http, protocol: GRPC-Web, targetPort: 8080}
          resolution: DNS_ROUND_ROBIN
          exportTo: [".", checkout]
        """;

    [Fact]
    public void A_service_entry_is_read_with_all_that_decides()
    {
        var entry = Assert.Single(Parse(Stripe).Entries);
        Assert.Equal("payments/stripe", $"{entry.Name}");
        Assert.Equal(["api.stripe.com", "*.stripe.network"], entry.Hosts);
        Assert.Equal(["192.0.2.10/32", "198.51.100.0/24", "2001:db8::/32"], entry.Addresses.Select(one => $"{one}"));
        Assert.Equal([new(443, "tls", EntryProtocol.Tls), new EntryPort(80, "http", EntryProtocol.GrpcWeb, 8080)], entry.Ports);
        Assert.Equal(Resolution.DnsRoundRobin, entry.Resolution);
        Assert.Equal([".", "checkout"], entry.ExportTo);
        Assert.True(entry.IsExternal);
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), entry.Created);
    }

    [Fact]
    public void What_kubectl_prints_as_a_JSON_list_is_read_item_by_item_and_other_kinds_are_counted()
    {
        var registry = Parse("""
            {
                "apiVersion": "v1",
                "items": [
                    {"apiVersion": "networking.istio.io/v1beta1", "kind": "ServiceEntry", "metadata": {"name": "b", "namespace": "n", "labels": {"a/b": "c"}},
                     "spec": {"hosts": ["b.example.com"], "location": "MESH_INTERNAL", "ports": [{"number": 443, "name": "any"}]}},
                    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}},
                    {"apiVersion": "networking.istio.io/v1alpha3", "kind": "Sidecar", "metadata": {"name": "default", "namespace": "n"},
                     "spec": {"egress": [{"port": {"number": 443, "name": "t", "protocol": "TLS"}, "hosts": ["./*", "~n/Bad.example.com"]}],
                     "outboundTrafficPolicy": {}}},
                    {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "p", "namespace": "n"},
                     "spec": {"action": "DENY", "targetRefs": [{"group": "networking.istio.io", "kind": "ServiceEntry", "name": "b"}],
                     "rules": [{"from": [{"source": {"namespaces": ["x"]}}], "to": [{"operation": {"ports": ["443"], "methods": ["GET"]}}],
                     "when": [{"key": "k"}]}]}}
                ],
                "kind": "List",
                "metadata": {"resourceVersion": ""}
            }
            """);
        Assert.Equal(1, registry.Ignored);
        var entry = Assert.Single(registry.Entries);
        Assert.Equal((false, EntryProtocol.Auto, "c"), (entry.IsExternal, Assert.Single(entry.Ports).Protocol, entry.Labels["a/b"]));
        var sidecar = Assert.Single(registry.Sidecars);
        // REGISTRY_ONLY is the first member of Istio's enumeration, so an empty policy means it.
        Assert.Equal(OutboundMode.RegistryOnly, sidecar.Outbound);
        Assert.Equal(["./*", "~n/bad.example.com"], Assert.Single(sidecar.Egress).Hosts);
        var policy = Assert.Single(registry.Policies);
        Assert.Equal(PolicyAction.Deny, policy.Action);
        var rule = Assert.Single(policy.Rules);
        Assert.Equal("when", rule.Unjudged);
        Assert.Equal("methods", Assert.Single(rule.To).Unjudged);
    }

    [Fact]
    public void Several_documents_are_read_and_a_later_resource_replaces_one_of_the_same_name()
    {
        var registry = Parse($"""
            {Stripe}
            ---
            ---
            {Stripe.Replace("API.Stripe.com", "js.stripe.com", StringComparison.Ordinal)}
            """);
        Assert.Contains("js.stripe.com", Assert.Single(registry.Entries).Hosts);
    }

    [Fact]
    public void Of_two_registries_the_other_one_replaces_resources_of_the_same_kind_and_name()
    {
        var adyen = Stripe.Replace("name: stripe", "name: adyen", StringComparison.Ordinal);
        var other = Parse(adyen + "\n---\n" + Stripe.Replace("443", "8443", StringComparison.Ordinal));
        var both = Parse(Stripe).With(other);
        Assert.Equal(["payments/adyen", "payments/stripe"], both.Entries.Select(one => $"{one.Name}"));
        Assert.Equal(8443, both.Entries[1].Ports[0].Number);
    }

    [Fact]
    public void A_resource_without_a_namespace_gets_the_one_that_the_caller_names() =>
        Assert.Equal("shop/stripe", $"{Parse(Stripe.Replace("  namespace: payments\n", "", StringComparison.Ordinal), "shop").Entries[0].Name}");

    [Theory]
    [InlineData(
        "number: 443",
        "number: 70000",
        "mesh.yml:11: document 1, ServiceEntry payments/stripe: spec.ports[0].number '70000' is not a port from 1 to 65535")]
    [InlineData("API.Stripe.com", "'evil\\u2028.com'", "spec.hosts[0] 'evil\\u2028.com' is not a host name such as api.example.com or *.example.com")]
    [InlineData("192.0.2.10,", "192.0.2.300,", "spec.addresses[0] '192.0.2.300' is not an address or network such as 192.0.2.10 or 192.0.2.0/24")]
    [InlineData("DNS_ROUND_ROBIN", "GUESS", "spec.resolution 'GUESS' is none of NONE, STATIC, DNS, DNS_ROUND_ROBIN, DYNAMIC_DNS")]
    [InlineData("io/v1", "io/v7", "has the apiVersion 'networking.istio.io/v7', which is not known; use networking.istio.io/v1")]
    [InlineData("[API.Stripe.com, \"*.stripe.network\"]", "[]", "has no 'hosts'")]
    [InlineData("name: stripe", "name: ../stripe", "has '../stripe', which is no name or namespace of Kubernetes")]
    [InlineData("kind: ServiceEntry", "sort: ServiceEntry", "has no 'kind', so it is no resource of Kubernetes")]
    [InlineData(
        "[\".\", checkout]",
        "[&a checkout, *a]",
        "mesh.yml:14: this is not usable YAML or JSON: aliases (*name) are not read here; write the value itself")]
    [InlineData("[\".\", checkout]", "[", "this is not usable YAML or JSON")]
    public void A_file_that_cannot_be_used_is_refused_with_its_line_its_document_and_the_reason(string good, string bad, string error)
    {
        Assert.Contains(good, Stripe, StringComparison.Ordinal);
        var thrown = Assert.Throws<InvalidDataException>(() => Parse(Stripe.Replace(good, bad, StringComparison.Ordinal)));
        Assert.Contains(error, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_no_resource_is_refused_and_an_empty_file_holds_nothing()
    {
        Assert.Contains("this is no resource of Kubernetes", Assert.Throws<InvalidDataException>(() => Parse("- a\n- b\n")).Message, StringComparison.Ordinal);
        Assert.Empty(Parse("").Entries);
        Assert.Empty(Parse("---\n# nothing\n").Entries);
    }

    [Fact]
    public void Deep_nesting_is_refused_before_it_can_use_up_the_stack() => Assert.Contains(
        "nested deeper than 64 levels",
        Assert.Throws<InvalidDataException>(() => Parse("{kind: " + new string('[', 100_000))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("{items: [], kind: List, kind: List}")]
    [InlineData("{kind: ServiceEntry, metadata: {name: a, name: b}}")]
    public void A_key_that_stands_twice_is_refused(string text) =>
        Assert.Contains("a key stands twice in one mapping", Assert.Throws<InvalidDataException>(() => Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Broken_text_is_refused_or_read_and_nothing_else_happens()
    {
        var random = new Random(20260131);
        for (var i = 0; i < 3_000; i++)
        {
            var text = Stripe.ToCharArray();
            for (var change = random.Next(1, 6); change > 0; change--)
                text[random.Next(text.Length)] = "\0\t\n:-[]{}\"'&*!|>%@`~,#\ud83d\u2028\\x0"[random.Next(26)];
            try
            {
                Assert.InRange(Parse(new string(text)).Entries.Count, 0, 1);
            }
            catch (InvalidDataException e)
            {
                Assert.StartsWith("mesh.yml:", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused_by_its_name() => Assert.StartsWith(
        "nowhere.yml:0: this file cannot be read: ",
        Assert.Throws<InvalidDataException>(() => MeshRegistry.Read(["nowhere.yml"])).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Files_are_read_in_their_order()
    {
        using var folder = new TemporaryFolder();
        var (first, second) = (folder.Write("a.yml", Stripe), folder.Write("b.yml", Stripe.Replace("443", "8443", StringComparison.Ordinal)));
        Assert.Equal(443, MeshRegistry.Read([second, first]).Entries[0].Ports[0].Number);
    }

    private static MeshRegistry Parse(string text, string ns = "default") => MeshRegistry.Parse("mesh.yml", new StringReader(text), ns);
}
