using System.Buffers;
using System.Text.Json;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>Keeps one kind of Istio's resources as the cluster has it: lists it once, then watches it from there. Any failure is counted and tried again for
/// ever. What was known stays in use meanwhile.</summary>
internal sealed class KindWatch<T>(
    ResourceKind<T> kind, ClusterAccess access, RegistryMetrics metrics, TimeProvider time, ILogger logger)
    where T : class
{
    public const int MaxEvent = 3 << 20;

    private const int PageSize = 500;
    private const int MaxPages = 1_000;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestList = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestOpening = TimeSpan.FromMinutes(1);

    private readonly KindApi _api = new(access, kind.Plural);
    private readonly KindStore<T> _store = new(kind, metrics, logger);
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _version = "";
    private long? _opened;
    private WatchEnd? _failing;
    private volatile KindState _state = new(false, null, null, "");

    /// <summary>The bound of a list, all pages together. A test sets a smaller one.</summary>
    public long MaxList { get; init; } = 64 << 20;

    /// <summary>Ends with the first whole list.</summary>
    public Task Listed => _listed.Task;

    /// <summary>Any thread.</summary>
    public KindStatus Status
    {
        get
        {
            var (state, count) = (_state, _store.Count);
            return new(kind.Label, state.IsConnected, count.Known, count.Refused, state.Since, state.FailedAt, state.Failure);
        }
    }

    /// <inheritdoc cref="KindStore{T}.Take"/>
    public IReadOnlyList<T>? Take() => _store.Take();

    public async Task RunAsync(CancellationToken cancel)
    {
        metrics.WatchConnected(kind.Label, isConnected: false);
        metrics.ObjectsRefused(kind.Label, 0);
        var wait = ShortestWait;
        try
        {
            while (true)
            {
                _opened = null;
                Note(await TryAsync(cancel));

                // A watch that lived tells that the server is well. Shorter ones wait ever longer, whatever ended them, so that nothing is asked in a hurry.
                if (_opened is { } opened && time.GetElapsedTime(opened) >= LongestWait) wait = ShortestWait;
                await Task.Delay(wait, time, cancel);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task<WatchFault> TryAsync(CancellationToken cancel)
    {
        try
        {
            if (_version.Length == 0) await ListAsync(cancel);
            await WatchAsync(cancel);
            return new(WatchEnd.Ended, "");
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (WatchFault e)
        {
            return e;
        }
        catch (JsonException)
        {
            return new(WatchEnd.BadAnswer, "The answer of the Kubernetes API is no JSON.");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return new(WatchEnd.Dropped, $"The connection to the Kubernetes API broke: {e.Message}");
        }
#pragma warning disable CA1031 // The watch has to outlive whatever happens, or what is registered would never change again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.WatchFaulty(logger, _api.Name, e);
            return new(WatchEnd.Unexpected, $"An unexpected error ended the watch: {e.GetType().Name}. The log has more.");
        }
    }

    private async Task ListAsync(CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(LongestList, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            _store.BeginList();
            var (list, left, next, version) = (new Dictionary<string, T?>(), MaxList, "", "");
            for (var page = 0; page == 0 || next.Length > 0; page++)
            {
                if (page == MaxPages) throw new WatchFault(WatchEnd.TooMany, $"The list of {_api.Name} has more than {MaxPages} pages.");
                var from = next.Length > 0 ? $"&continue={Uri.EscapeDataString(next)}" : "";
                using var response = await _api.GetAsync("list", $"limit={PageSize}{from}", both.Token);
                var body = await BoundedBody.TryReadAsync(response.Content, left, both.Token)
                    ?? throw new WatchFault(WatchEnd.TooLarge, "The answer of the Kubernetes API is too large.");
                left -= body.Length;
                using var json = JsonDocument.Parse(body, ClusterJson.Options);
                if (ClusterJson.Member(json.RootElement, "items") is not { ValueKind: JsonValueKind.Array } items)
                    throw new WatchFault(WatchEnd.BadAnswer, $"The list of {_api.Name} has no items.");
                foreach (var item in items.EnumerateArray()) _store.AddTo(list, item);
                (next, version) = (ClusterJson.Next(json.RootElement), ClusterJson.Version(json.RootElement));
            }

            _store.Replace(list);
            _version = version;
            _listed.TrySetResult();
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new WatchFault(WatchEnd.Timeout, $"The list of {_api.Name} took longer than {LongestList.TotalMinutes} minutes.");
        }
    }

    private async Task WatchAsync(CancellationToken cancel)
    {
        // Spread out, so that not all watches end at once after the server was away.
        var seconds = Random.Shared.Next(300, 601);
        var silence = TimeSpan.FromSeconds(seconds + 60);
        var isOpen = false;
        using var limit = new CancellationTokenSource(LongestOpening, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var query = $"watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={Uri.EscapeDataString(_version)}";
            using var response = await _api.GetAsync("watch", query, both.Token);
            await using var stream = await response.Content.ReadAsStreamAsync(both.Token);
            isOpen = true;
            NoteOpen();
            limit.CancelAfter(silence);
            var lines = new BoundedLines(stream, MaxEvent);
            while (await lines.NextAsync(both.Token) is { } line)
            {
                if (!line.IsEmpty) Apply(line);
                limit.CancelAfter(silence);
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw isOpen
                ? new WatchFault(WatchEnd.Silent, $"The watch of {_api.Name} was silent for {silence.TotalSeconds} s, so its connection is taken for dead.")
                : new(WatchEnd.Timeout, $"The Kubernetes API did not answer for {LongestOpening.TotalSeconds} s.");
        }
    }

    private void Apply(ReadOnlySequence<byte> line)
    {
        using var json = JsonDocument.Parse(line, ClusterJson.Options);
        var resource = ClusterJson.Member(json.RootElement, "object");
        switch (ClusterJson.Text(json.RootElement, "type"))
        {
            case "ADDED" or "MODIFIED":
                _store.Put(resource);
                break;
            case "DELETED":
                _store.Remove(resource);
                break;
            case "BOOKMARK":
                break;
            case "ERROR":
                var given = ClusterJson.Member(resource, "code");
                var code = given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out var number) ? number : 500;
                throw _api.Fault("watch", code, ClusterJson.Text(resource, "message"));
            default:
                throw new WatchFault(WatchEnd.BadAnswer, $"The watch of {_api.Name} sends an event of a kind that is not known.");
        }

        _version = ClusterJson.Version(resource);
    }

    private void NoteOpen()
    {
        if (_failing is not null) Log.WatchRecovered(logger, _api.Name, _store.Count.Known);
        else if (_state.Since is null) Log.WatchBegun(logger, _api.Name, _store.Count.Known);
        (_failing, _opened) = (null, time.GetTimestamp());
        _state = _state with { IsConnected = true, Since = time.GetUtcNow() };
        metrics.WatchConnected(kind.Label, isConnected: true);
    }

    private void Note(WatchFault fault)
    {
        metrics.WatchRestarted(fault.End);
        if (!fault.End.KeepsVersion()) _version = "";
        if (fault.End == WatchEnd.Ended) return;
        metrics.WatchConnected(kind.Label, isConnected: false);
        _state = _state with { IsConnected = false, FailedAt = time.GetUtcNow(), Failure = fault.Message };
        if (_failing != fault.End) Log.WatchFailed(logger, fault.Message);
        _failing = fault.End;
    }

    /// <param name="Since">When the last watch was opened.</param>
    private sealed record KindState(bool IsConnected, DateTimeOffset? Since, DateTimeOffset? FailedAt, string Failure);
}
