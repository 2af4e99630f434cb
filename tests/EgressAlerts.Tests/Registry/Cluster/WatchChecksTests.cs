using EgressAlerts.Model;
using EgressAlerts.Registry;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Tests.Registry.Cluster;

/// <summary>What the doctor says of the watch, against a made-up API.</summary>
public sealed class WatchChecksTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private FakeCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await FakeCluster.StartAsync();

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Both_kinds_that_can_be_listed_and_watched_are_fine()
    {
        var checks = await RunAsync();
        Assert.All(checks, check => Assert.Equal((CheckResult.Ok, ""), (check.Result, check.Remedy)));
        Assert.Equal(
            ["serviceentries.networking.istio.io can be listed and watched", "sidecars.networking.istio.io can be listed and watched"],
            checks.Select(check => check.Message));
    }

    [Theory]
    [InlineData("list")]
    [InlineData("watch")]
    public async Task A_missing_right_is_named_with_the_command_that_shows_it(string verb)
    {
        _cluster.Instead = http =>
        {
            var isRefused = http.Request.Path.Value!.EndsWith("sidecars", StringComparison.Ordinal)
                && http.Request.Query.ContainsKey("watch") == (verb == "watch");
            if (isRefused) http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.FromResult(isRefused);
        };
        var checks = await RunAsync();
        Assert.Equal([CheckResult.Ok, CheckResult.Fail], checks.Select(check => check.Result));
        Assert.StartsWith($"The Kubernetes API refuses to {verb} sidecars.networking.istio.io (403)", checks[1].Message, StringComparison.Ordinal);
        Assert.StartsWith("kubectl auth can-i", checks[1].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_without_Istio_is_told()
    {
        _cluster.ApiVersions = [];
        Assert.All(await RunAsync(), check => Assert.Contains("(404)", check.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_API_that_is_not_there_is_told()
    {
        await _cluster.DisposeAsync();
        Assert.All(await RunAsync(), check => Assert.Equal(CheckResult.Fail, check.Result));
    }

    [Fact]
    public async Task Where_nothing_is_watched_nothing_is_asked()
    {
        var check = Assert.Single(await RunAsync(watch: false));
        Assert.Equal(CheckResult.Ok, check.Result);
        Assert.Empty(_cluster.Requests);
    }

    private async Task<IReadOnlyList<Check>> RunAsync(bool watch = true)
    {
        var book = new CheckBook(_ => true);
        var options = new KubernetesOptions { Watch = watch, Kubeconfig = _folder.Write("kubeconfig", _cluster.Kubeconfig) };
        await WatchChecks.RunAsync(options, book, TimeProvider.System, CancellationToken.None);
        return book.Found;
    }
}
