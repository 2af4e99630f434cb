using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Past;
using EgressAlerts.Proposals;
using EgressAlerts.Registry;
using EgressAlerts.Testing;
using EgressAlerts.Tests.Proposals;

namespace EgressAlerts.IntegrationTests.Operations;

/// <summary>What is proposed is valid for a cluster, by the schemas and by the rules that schemas do not hold.</summary>
public sealed class ProposalManifestTests : IDisposable
{
    private static readonly ProposalOptions Newest = ProposalOptions.Sidecars with
    {
        Istio = new(1, 31),
        Wildcards = [new("*.cdn.example.net")],
        Accepted = [new("*.example.org")],
    };

    private readonly TemporaryFolder _folder = new();

    private static readonly PastKnowledge Known = new(
        name => name == "smtp.example.com" ? [IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")] : [],
        new[] { IPNetwork.Parse("198.51.100.0/28"), IPNetwork.Parse("2001:db8:1::/48") }.ToLookup(_ => "partner"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cluster_takes_what_is_proposed(bool isAmbient)
    {
        var yaml = ProposalYaml.Of(Propose(Newest with { IsAmbient = isAmbient }));
        var resources = Yaml.Read(yaml);
        await Schemas.AssertValidAsync(_folder, resources);
        Assert.Empty(IstioRules.Faults(resources));
        Assert.Equal(isAmbient ? 10 : 11, resources.Count(resource => (string)resource["kind"]! == "ServiceEntry"));
        Assert.Equal(isAmbient ? 10 : 0, resources.Count(resource => (string)resource["kind"]! == "AuthorizationPolicy"));
        Assert.Equal(isAmbient ? 0 : 2, resources.Count(resource => (string)resource["kind"]! == "Sidecar"));

        // And the product reads back what it has written.
        var read = MeshRegistry.Parse("proposal", new StringReader(yaml));
        Assert.Equal(resources.Count, read.Entries.Count + read.Sidecars.Count + read.Policies.Count);
    }

    [Fact]
    public void The_rules_find_what_is_wrong()
    {
        const string wrong = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: a, namespace: b}
            spec: {hosts: ['*'], ports: [{number: 443, name: x, protocol: TCP}, {number: 443, name: x, protocol: TCP}], resolution: STATIC}
            """;
        Assert.Equal(
            ["* is no host", "a port name twice", "a port twice", "STATIC without endpoints", "TCP without addresses", "TCP on port 443"],
            IstioRules.Faults(Yaml.Read(wrong)));
    }

    /// <summary>The proposal for a mesh that has one of everything.</summary>
    private static Proposal Propose(ProposalOptions options)
    {
        var book = new PastBook()
            .Use("shop/cart", "api.stripe.com", "443/tcp", domain: "stripe.com").Use("shop/cart", "b.stripe.com", "443/tcp", domain: "stripe.com")
            .Use("shop/cart", "api.weather.example.com", "/http", NameSource.Host).Use("shop/cart", "rpc.example.com", "50051/grpc", NameSource.Host)
            .Use("shop/cart", "x.a-b.example", "443/tcp", domain: "a-b.example").Use("shop/cart", "x.a.b.example", "443/tcp", domain: "a.b.example")
            .Use("shop/cart", "smtp.example.com", "587/tcp", NameSource.Ptr).Use("shop/cart", "partner", "22/tcp", NameSource.Network)
            .Use("shop/cart", "a.cdn.example.net", "443/tcp").Use("shop/cart", "b.cdn.example.net", "443/tcp", confirmed: false)
            .Use("web/front", "claimed.example.org", "8443/tcp", confirmed: false).Use("web/front", "203.0.113.9", "443/tcp", NameSource.Ip)
            .Use("web/front", "api.stripe.com", "443/tcp", domain: "stripe.com").Use("web/front", "b.stripe.com", "443/tcp", domain: "stripe.com")
            .Use("web/front", $"{new string('a', 60)}.{new string('b', 60)}.{new string('c', 60)}.example.com", "443/tcp");
        return Proposer.Propose(book.Traffic, options, Known, (_, _) => false);
    }
}
