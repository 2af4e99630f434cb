using System.Security.Cryptography.X509Certificates;
using EgressAlerts.Common;
using EgressAlerts.Registry;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Registry.Cluster;

/// <summary>Who is let in, and to whom the token goes.</summary>
public sealed class ClusterAccessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Authority _authority = Authority.Root("cluster");

    public void Dispose()
    {
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task The_token_of_the_pod_is_read_again_with_every_request()
    {
        await using var cluster = await FakeCluster.StartAsync();
        Pod("first\n");
        var inPod = ServiceAccount.Open(_folder.Path, "10.96.0.1", "443", NullLogger.Instance);
        Assert.Equal("https://10.96.0.1/", inPod.Server.AbsoluteUri);
        using var http = inPod.Http;
        await http.GetAsync(cluster.Address);
        _folder.Write("token", "second");
        await http.GetAsync(cluster.Address);
        Assert.Equal(["Bearer first", "Bearer second"], cluster.Tokens);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_of_another_host_is_refused_though_the_cluster_has_issued_it(bool isPod)
    {
        await using var other = await TlsServer.StartAsync(_authority.Issue("other", "other.example.com"));
        await using var good = await TlsServer.StartAsync(_authority.Issue("api"));
        foreach (var (server, isTrusted) in ((TlsServer, bool)[])[(other, false), (good, true)])
        {
            var access = isPod ? PodAccess(server.Address) : KubeconfigFile.Open(Kubeconfig(server.Address, "{token: abc}"));
            var api = new KindApi(access, "sidecars");
            using var http = access.Http;
            if (isTrusted)
            {
                using var response = await api.GetAsync("list", "limit=1", CancellationToken.None);
                continue;
            }

            var fault = await Assert.ThrowsAsync<WatchFault>(() => api.GetAsync("list", "limit=1", CancellationToken.None));
            Assert.Equal(WatchEnd.Tls, fault.End);
            Assert.Contains("is not trusted: ", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_authority_that_is_not_the_clusters_is_refused()
    {
        using var stranger = Authority.Root("stranger");
        await using var server = await TlsServer.StartAsync(stranger.Issue("api"));
        var access = KubeconfigFile.Open(Kubeconfig(server.Address, "{token: abc}"));
        using var http = access.Http;
        var fault = await Assert.ThrowsAsync<WatchFault>(() => new KindApi(access, "sidecars").GetAsync("list", "", CancellationToken.None));
        Assert.Equal(WatchEnd.Tls, fault.End);
    }

    [Fact]
    public async Task A_kubeconfig_may_name_another_host_of_the_certificate_and_bring_a_certificate_of_its_own()
    {
        using var client = _authority.Issue("watcher");
        await using var server = await TlsServer.StartAsync(_authority.Issue("api", "kubernetes.default"), _authority.Certificate);
        var (certificate, key) = (Base64(client.ExportCertificatePem()), Base64(client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        var access = KubeconfigFile.Open(
            Kubeconfig(server.Address, $"{{client-certificate-data: {certificate}, client-key-data: {key}}}", ", tls-server-name: kubernetes.default"));
        using var http = access.Http;
        Assert.Equal("kubernetes.default|watcher", await http.GetStringAsync(access.Server));
    }

    [Fact]
    public async Task The_token_of_a_kubeconfig_is_sent_and_a_redirect_does_not_carry_it_elsewhere()
    {
        await using var elsewhere = await FakeCluster.StartAsync();
        await using var cluster = await FakeCluster.StartAsync();
        cluster.Instead = context =>
        {
            context.Response.Redirect(elsewhere.Address.AbsoluteUri);
            return Task.FromResult(true);
        };
        var access = KubeconfigFile.Open(Kubeconfig(cluster.Address, "{token: abc}"));
        using var http = access.Http;
        var fault = await Assert.ThrowsAsync<WatchFault>(() => new KindApi(access, "sidecars").GetAsync("list", "", CancellationToken.None));
        Assert.Equal(WatchEnd.Status, fault.End);
        Assert.Equal(["Bearer abc"], cluster.Tokens);
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData("{exec: {command: touch, apiVersion: client.authentication.k8s.io/v1, args: [STARTED]}}", "", "no program is started here")]
    [InlineData("{auth-provider: {name: oidc, config: {id-token: secret}}}", "", "no program is started here")]
    [InlineData("{token: secret, as: admin}", "", "acts as another user")]
    [InlineData("{token: secret}", ", insecure-skip-tls-verify: true", "sets insecure-skip-tls-verify")]
    [InlineData("{}", "", "does not have appropriate auth credentials")]
    [InlineData("{client-certificate-data: c2VjcmV0, client-key-data: c2VjcmV0}", "", "cannot be used")]
    [InlineData("{token: \"secret\\nsecret\"}", "", "has a token with a character that no header may have")]
    public void A_kubeconfig_that_cannot_be_used_says_why_and_no_secret(string user, string cluster, string complaint)
    {
        var started = _folder.File("started");
        var file = Kubeconfig(new("https://127.0.0.1:6443"), user.Replace("STARTED", started, StringComparison.Ordinal), cluster);
        var fault = Assert.Throws<InvalidDataException>(() => KubeconfigFile.Open(file));
        Assert.Contains(complaint, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vj", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(started));
        var key = Assert.Single(new KubernetesOptions { Watch = true, Kubeconfig = file }.Faults(_ => true));
        Assert.Equal("kubeconfig", key.Key);
        Assert.Empty(new KubernetesOptions { Kubeconfig = file }.Faults(_ => true));
    }

    [Theory]
    [InlineData("", "has no current-context")]
    [InlineData("current-context: prod", "has no context 'prod'")]
    [InlineData("{current-context: a, contexts: [{name: a, context: {cluster: b}}]}", "has no cluster for its current-context")]
    [InlineData("token: [secret", "this is no kubeconfig")]
    public void A_kubeconfig_that_is_not_whole_says_what_it_lacks(string content, string complaint)
    {
        var file = _folder.Write("kubeconfig", content);
        var fault = Assert.Throws<InvalidDataException>(() => KubeconfigFile.Open(file));
        Assert.Contains(complaint, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_without_tls_is_only_good_on_this_machine()
    {
        var fault = Assert.Throws<InvalidDataException>(() => KubeconfigFile.Open(Kubeconfig(new("http://api.example.com"), "{token: abc}")));
        Assert.Contains("only https is safe beyond this machine", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "443")]
    [InlineData("10.96.0.1", "none")]
    [InlineData("10.96.0.1", "443")]
    public void Without_a_pod_the_fault_says_what_to_do(string? host, string port)
    {
        var fault = Assert.Throws<InvalidDataException>(() => ServiceAccount.Open(_folder.Path, host, port, NullLogger.Instance));
        Assert.Contains("Apply deploy/kubernetes/registry-watch", fault.Message, StringComparison.Ordinal);
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    private void Pod(string token)
    {
        _folder.Write("token", token);
        _folder.Write("ca.crt", _authority.Pem);
    }

    private ClusterAccess PodAccess(Uri server)
    {
        Pod("abc");
        return ServiceAccount.Open(_folder.Path, server.Host, $"{server.Port}", NullLogger.Instance);
    }

    private string Kubeconfig(Uri server, string user, string more = "") => _folder.Write("kubeconfig", $$$"""
        apiVersion: v1
        kind: Config
        current-context: here
        contexts: [{name: here, context: {cluster: mesh, user: watcher}}]
        clusters: [{name: mesh, cluster: {server: '{{{server}}}', certificate-authority-data: {{{Base64(_authority.Pem)}}}{{{more}}}}}]
        users: [{name: watcher, user: {{{user}}}}]

        """);
}
