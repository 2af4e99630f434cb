using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Testing;

/// <summary>Answers as the API of a cluster with Istio's resources would, and fails as a test tells it to. No real one runs on a developer's machine.</summary>
public sealed class FakeCluster : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, string> _resources = new(StringComparer.Ordinal);
    private readonly List<(int Version, string Plural, string Line)> _events = [];
    private readonly List<(string Plural, Channel<string> Lines)> _watchers = [];
    private readonly LoopbackServer _server;
    private int _version = 100;

    private FakeCluster(LoopbackServer server)
    {
        _server = server;
        server.Answer = AnswerAsync;
    }

    public Uri Address => _server.Address;

    /// <summary>The text of a kubeconfig that leads here with the token <c>secret-of-the-watch</c>.</summary>
    public string Kubeconfig => $$$"""
        apiVersion: v1
        kind: Config
        current-context: here
        contexts: [{name: here, context: {cluster: mesh, user: watcher}}]
        clusters: [{name: mesh, cluster: {server: '{{{Address}}}'}}]
        users: [{name: watcher, user: {token: secret-of-the-watch}}]
        """;

    /// <summary>What was asked for: the path with its query.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public ConcurrentQueue<string> Tokens { get; } = [];

    /// <summary>The versions of Istio's API that it has.</summary>
    public IReadOnlyList<string> ApiVersions { get; set; } = ["v1"];

    public int PageSize { get; set; } = 500;

    /// <summary>The oldest version from which a watch may go on. A watch from an older one is answered with 410.</summary>
    public int Oldest { get; set; }

    /// <summary>Answers a request itself where it returns true.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    public int Watchers(string plural)
    {
        lock (_lock) return _watchers.Count(watcher => watcher.Plural == plural);
    }

    public static async Task<FakeCluster> StartAsync() => new(await LoopbackServer.StartAsync());

    /// <summary>A ServiceEntry of HTTP for one host.</summary>
    public void PutEntry(string name, string host, string ns = "istio-config") => Put(
        "serviceentries",
        ns,
        name,
        $$"""{"hosts":["{{host}}"],"ports":[{"number":80,"name":"http","protocol":"HTTP"},{"number":443,"name":"tls","protocol":"TLS"}],"resolution":"DNS"}""");

    public void Put(string plural, string ns, string name, string spec)
    {
        lock (_lock)
        {
            var key = $"{plural}/{ns}/{name}";
            var kind = plural == "sidecars" ? "Sidecar" : "ServiceEntry";
            var metadata = $$"""{"name":"{{name}}","namespace":"{{ns}}","resourceVersion":"{{++_version}}"}""";
            var resource = $$$"""{"apiVersion":"networking.istio.io/v1","kind":"{{{kind}}}","metadata":{{{metadata}}},"spec":{{{spec}}}}""";
            Tell(plural, _resources.ContainsKey(key) ? "MODIFIED" : "ADDED", resource);
            _resources[key] = resource;
        }
    }

    public void Delete(string plural, string ns, string name)
    {
        lock (_lock)
        {
            _resources.Remove($"{plural}/{ns}/{name}");
            Tell(
                plural,
                "DELETED",
                $$$"""{"metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","resourceVersion":"{{{++_version}}}"}}""");
        }
    }

    /// <summary>Moves the version on, and says so to every watch.</summary>
    public int Bookmark()
    {
        lock (_lock)
        {
            _version++;
            foreach (var plural in (string[])["serviceentries", "sidecars"])
                Tell(plural, "BOOKMARK", $$$"""{"metadata":{"resourceVersion":"{{{_version}}}"}}""");
            return _version;
        }
    }

    /// <summary>Sends a line to every watch of a kind. It does not come again.</summary>
    public void Send(string plural, string line)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers.Where(watcher => watcher.Plural == plural)) watcher.Lines.Writer.TryWrite(line);
        }
    }

    /// <summary>Breaks every watch of a kind.</summary>
    public void Drop(string plural) => Send(plural, "");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private void Tell(string plural, string type, string resource)
    {
        var line = $$$"""{"type":"{{{type}}}","object":{{{resource}}}}""";
        _events.Add((_version, plural, line));
        Send(plural, line);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Requests.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
        Tokens.Enqueue(context.Request.Headers.Authorization.ToString());
        if (await Instead(context)) return;
        var path = context.Request.Path.Value!.Split('/');
        if (path is not ["", "apis", "networking.istio.io", var version, var plural] || !ApiVersions.Contains(version))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (context.Request.Query.ContainsKey("watch")) await WatchAsync(context, plural);
        else await context.Response.WriteAsync(List(plural, context.Request.Query["continue"].ToString()));
    }

    private string List(string plural, string from)
    {
        lock (_lock)
        {
            var skip = from.Length > 0 ? int.Parse(from, CultureInfo.InvariantCulture) : 0;
            var all = _resources.Where(resource => resource.Key.StartsWith(plural, StringComparison.Ordinal)).Select(resource => resource.Value).ToList();
            var next = skip + PageSize < all.Count ? $"{skip + PageSize}" : "";
            var items = string.Join(',', all.Skip(skip).Take(PageSize));
            return $$$"""{"metadata":{"resourceVersion":"{{{_version}}}","continue":"{{{next}}}"},"items":[{{{items}}}]}""";
        }
    }

    private async Task WatchAsync(HttpContext context, string plural)
    {
        var from = int.Parse(context.Request.Query["resourceVersion"].ToString(), CultureInfo.InvariantCulture);
        if (from < Oldest)
        {
            context.Response.StatusCode = StatusCodes.Status410Gone;
            await context.Response.WriteAsync("""{"kind":"Status","code":410,"message":"too old resource version"}""");
            return;
        }

        var lines = Channel.CreateUnbounded<string>();
        lock (_lock)
        {
            foreach (var missed in _events.Where(missed => missed.Plural == plural && missed.Version > from)) lines.Writer.TryWrite(missed.Line);
            _watchers.Add((plural, lines));
        }

        try
        {
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await foreach (var line in lines.Reader.ReadAllAsync(context.RequestAborted))
            {
                if (line.Length == 0)
                {
                    context.Abort();
                    return;
                }

                await context.Response.WriteAsync(line + "\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        finally
        {
            lock (_lock) _watchers.Remove((plural, lines));
        }
    }
}
