using EgressAlerts.Common;
using EgressAlerts.Registry;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Tests.Registry.Cluster;

/// <summary>The watch against a made-up API, because a real one needs a cluster.</summary>
public sealed class ClusterWatchTests : IAsyncLifetime
{
    private const string Entries = "serviceentries";
    private const string Sidecars = "sidecars";

    private readonly ListLogger<ClusterWatch> _log = new();
    private readonly MetricRegistry _metrics = new();
    private readonly HandTime _time = new(timers: true);
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private RegistryMetrics _own = null!;
    private FakeCluster _cluster = null!;
    private ClusterWatch _watch = null!;

    public async Task InitializeAsync()
    {
        (_own, _cluster) = (new(_metrics), await FakeCluster.StartAsync());
        _cluster.PutEntry("api", "api.example.com");
        _watch = new(new(_cluster.Address, _http), _own, _time, _log);
    }

    public async Task DisposeAsync()
    {
        await _watch.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Resources_come_in_pages_and_go_with_events()
    {
        _cluster.PutEntry("other", "other.example.com");
        _cluster.PutEntry("third", "third.example.com");
        _cluster.Put(Sidecars, "shop", "default", """{"egress":[{"hosts":["./*"]}]}""");
        _cluster.PageSize = 2;
        Assert.Null(_watch.Take());
        _watch.Start();
        await KnowsAsync("api.example.com", "other.example.com", "third.example.com");
        Assert.Equal("shop/default", $"{Assert.Single(_watch.Take()!.Sidecars).Name}");
        Assert.Contains(_cluster.Requests, request => request.Contains("limit=500&continue=2", StringComparison.Ordinal));
        var first = _watch.Take();
        Assert.Same(first, _watch.Take());

        await WatchedAsync();
        Assert.Equal(2, _metrics.Sum("egress_alerts_mesh_watch_connected"));
        _cluster.PutEntry("new", "new.example.com");
        _cluster.PutEntry("api", "changed.example.com");
        _cluster.Delete(Entries, "istio-config", "other");
        await KnowsAsync("changed.example.com", "new.example.com", "third.example.com");
    }

    [Fact]
    public async Task A_broken_connection_goes_on_from_the_last_version()
    {
        await BegunAsync();
        var version = _cluster.Bookmark();
        await KnowsAsync("api.example.com");
        _cluster.PutEntry("new", "new.example.com");
        await KnowsAsync("api.example.com", "new.example.com");
        _cluster.Drop(Entries);
        await EndedAsync("dropped");
        _cluster.PutEntry("later", "later.example.com");
        await MovesUntilAsync(() => Known().Contains("later.example.com"));
        Assert.Contains(_cluster.Requests, request => request.EndsWith($"resourceVersion={version + 1}", StringComparison.Ordinal));
        Assert.Single(_cluster.Requests, request => request.Contains($"{Entries}?limit", StringComparison.Ordinal));
        Assert.Contains(_log.Entries, entry => entry.Contains("are watched again; 2 are known", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_version_that_is_gone_makes_a_new_list(bool inEvent)
    {
        await BegunAsync();
        if (inEvent)
        {
            _cluster.Send(Entries, """{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}""");
        }
        else
        {
            _cluster.Oldest = 200;
            _cluster.Drop(Entries);
            await MovesUntilAsync(() => Ends("gone") > 0);
            _cluster.Oldest = 0;
        }

        _cluster.PutEntry("new", "new.example.com");
        await MovesUntilAsync(() => Ends("gone") > 0 && Known().Contains("new.example.com") && _cluster.Watchers(Entries) > 0);
        Assert.Equal(2, _cluster.Requests.Count(request => request.Contains($"{Entries}?limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_missing_right_is_named_once_and_tried_again()
    {
        _cluster.Instead = context => StatusAsync(context, 403, """{"message":"no access"}""");
        _watch.Start();
        await MovesUntilAsync(() => Ends("refused") >= 4);
        Assert.Single(
            _log.Entries,
            entry => entry.Contains(
                "refuses to list serviceentries.networking.istio.io (403). Apply deploy/kubernetes/registry-watch, or set telemetry.kubernetes.watch to false."
                    + " It says: no access.",
                StringComparison.Ordinal));
        Assert.Null(_watch.Take());
        Assert.Contains("(403)", _watch.Status[0].Failure, StringComparison.Ordinal);
        _cluster.Instead = _ => Task.FromResult(false);
        await MovesUntilAsync(() => _watch.Take() is not null);
    }

    [Fact]
    public async Task A_resource_that_cannot_be_read_is_left_out_and_the_others_count()
    {
        _cluster.Put(Entries, "bad", "no-hosts", "{}");
        await BegunAsync();
        Assert.Equal(["api.example.com"], Known());
        Assert.Equal(1, _metrics.Sum("egress_alerts_mesh_objects_refused", "service_entry"));
        Assert.Contains(_log.Entries, entry => entry.Contains("bad/no-hosts cannot be read and is left out", StringComparison.Ordinal));

        _cluster.Put(Entries, "istio-config", "api", """{"hosts":["not a host"]}""");
        await Deadline.UntilAsync(() => _watch.Status[0].Refused == 2, 10, "two are refused");
        Assert.Empty(Known());
        _cluster.Delete(Entries, "bad", "no-hosts");
        _cluster.PutEntry("api", "api.example.com");
        await KnowsAsync("api.example.com");
        Assert.Equal(0, _metrics.Sum("egress_alerts_mesh_objects_refused", "service_entry"));
    }

    [Fact]
    public async Task A_resource_that_is_nested_too_deep_does_not_spoil_the_list()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        _cluster.Put(Entries, "bad", "deep", $$"""{"hosts":{{deep}}}""");
        await BegunAsync();
        Assert.Equal(["api.example.com"], Known());
        Assert.Equal(1, _watch.Status[0].Refused);
    }

    [Fact]
    public async Task An_older_Istio_is_asked_for_its_older_version()
    {
        _cluster.ApiVersions = ["v1beta1"];
        await BegunAsync();
        Assert.Equal(["api.example.com"], Known());
        Assert.StartsWith("/apis/networking.istio.io/v1/", _cluster.Requests.First(), StringComparison.Ordinal);
        Assert.All(
            _cluster.Requests.Where(request => request.Contains("watch=", StringComparison.Ordinal)),
            request => Assert.StartsWith("/apis/networking.istio.io/v1beta1/", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cluster_without_Istio_is_told_apart()
    {
        _cluster.ApiVersions = [];
        _watch.Start();
        await MovesUntilAsync(() => Ends("missing") >= 2);
        Assert.Contains("knows no serviceentries.networking.istio.io in v1 or v1beta1 (404)", _watch.Status[0].Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_large_an_event_is_refused_and_everything_is_listed_again()
    {
        await BegunAsync();
        _cluster.Send(Entries, new string('x', (3 << 20) + 1));
        await EndedAsync("too_large");
        Assert.Equal(["api.example.com"], Known());
        await MovesUntilAsync(() => _cluster.Watchers(Entries) > 0 && _watch.Status[0].IsConnected);
        Assert.Equal(2, _cluster.Requests.Count(request => request.Contains($"{Entries}?limit", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("too_large")]
    [InlineData("too_many")]
    public async Task Too_large_a_list_is_refused_and_the_last_good_one_stays(string reason)
    {
        await BegunAsync();
        var many = string.Join(',', Enumerable.Range(0, 100_001).Select(i => $$$"""{"metadata":{"name":"n-{{{i}}}","namespace":"a"}}"""));
        var body = reason == "too_many"
            ? $$$"""{"metadata":{"resourceVersion":"1"},"items":[{{{many}}}]}"""
            : new string(' ', (64 << 20) + 1);
        _cluster.Instead = context => context.Request.Query.ContainsKey("watch") ? StatusAsync(context, 410, "{}") : StatusAsync(context, 200, body);
        _cluster.Drop(Entries);
        await MovesUntilAsync(() => Ends(reason) > 0, seconds: 60);
        Assert.Equal(["api.example.com"], Known());
        Assert.False(_watch.Status[0].IsConnected);
    }

    [Theory]
    [InlineData(302, "status", "answers with a redirect (302), which is not followed")]
    [InlineData(429, "busy", "cannot list serviceentries.networking.istio.io now (429)")]
    [InlineData(200, "bad_answer", "is no JSON")]
    public async Task Other_answers_are_counted_by_what_they_are(int status, string reason, string message)
    {
        _cluster.Instead = context =>
        {
            context.Response.Headers.Location = "/elsewhere";
            return StatusAsync(context, status, "<html>");
        };
        _watch.Start();
        await MovesUntilAsync(() => Ends(reason) > 0);
        Assert.Contains(message, _watch.Status[0].Failure, StringComparison.Ordinal);
        Assert.DoesNotContain(_cluster.Requests, request => request.Contains("elsewhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_is_silent_too_long_is_taken_for_dead()
    {
        await BegunAsync();
        _time.Advance(TimeSpan.FromSeconds(359));
        Assert.Equal(0, Ends("silent"));
        _time.Advance(TimeSpan.FromSeconds(302));
        await EndedAsync("silent");
        await MovesUntilAsync(() => _watch.Status[0].IsConnected);
        _cluster.PutEntry("new", "new.example.com");
        await KnowsAsync("api.example.com", "new.example.com");
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_asked_again()
    {
        _cluster.Instead = async context =>
        {
            await LoopbackServer.NeverAnswerAsync(context);
            return true;
        };
        _watch.Start();
        await Deadline.UntilAsync(() => _cluster.Requests.Count == 2, 10, "both kinds ask");
        _time.Advance(TimeSpan.FromMinutes(5));
        await EndedAsync("timeout");
    }

    [Fact]
    public async Task When_the_watch_ends_nothing_says_that_it_is_not_connected()
    {
        await BegunAsync();
        await _watch.DisposeAsync();
        Assert.DoesNotContain(_metrics.Samples(), sample => sample.Name == "egress_alerts_mesh_watch_connected");
        Assert.Equal(0, Ends("unexpected"));
        _watch = new(new(_cluster.Address, new()), _own, _time, _log);
    }

    [Fact]
    public async Task The_cluster_adds_to_files_and_nothing_is_known_before_its_whole_list()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("mesh.yml", """
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: api, namespace: istio-config}, spec: {hosts: [old.example.com]}}
            ---
            {apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: file, namespace: istio-config}, spec: {hosts: [file.example.com]}}
            """);
        var view = new MeshView(
            new RegistryOptions { ServiceEntryFiles = [file] }, "cluster.local", [], _watch, _own, new ListLogger<MeshView>());
        Assert.Null(view.Current);
        await BegunAsync();
        view.Refresh();
        var first = view.Current;
        Assert.Equal(["api.example.com", "file.example.com"], first!.Registry.Entries.SelectMany(entry => entry.Hosts));
        view.Refresh();
        Assert.Same(first, view.Current);
        _cluster.PutEntry("new", "new.example.com");
        await KnowsAsync("api.example.com", "new.example.com");
        view.Refresh();
        Assert.Equal(3, view.Current!.Registry.Entries.Count);
    }

    private static async Task<bool> StatusAsync(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
        return true;
    }

    private IEnumerable<string> Known() => (_watch.Take()?.Entries ?? []).SelectMany(entry => entry.Hosts).Order(StringComparer.Ordinal);

    private double Ends(string reason) => _metrics.Sum("egress_alerts_mesh_watch_restarts_total", reason);

    private async Task BegunAsync()
    {
        _watch.Start();
        await WatchedAsync();
    }

    private Task WatchedAsync() => Deadline.UntilAsync(
        () => _watch.Status.All(kind => kind.IsConnected) && _cluster.Watchers(Entries) > 0 && _cluster.Watchers(Sidecars) > 0, 10, "both kinds are watched");

    private Task KnowsAsync(params string[] hosts) => Deadline.UntilAsync(() => Known().SequenceEqual(hosts), 10, $"{string.Join(' ', hosts)} are known");

    private Task EndedAsync(string reason) => Deadline.UntilAsync(() => Ends(reason) > 0, 20, $"a watch ends as {reason}");

    /// <summary>Lets the waits between attempts pass.</summary>
    private Task MovesUntilAsync(Func<bool> look, double seconds = 20) => Deadline.UntilAsync(
        () =>
        {
            if (look()) return true;
            _time.Advance(TimeSpan.FromSeconds(1));
            return false;
        },
        seconds,
        "the state comes with time");
}
