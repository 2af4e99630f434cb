using System.Text.Json;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Registry;

/// <summary>The resources of one kind as the cluster last told them. One watch writes. Any thread may read.</summary>
internal sealed class KindStore<T>(ResourceKind<T> kind, RegistryMetrics metrics, ILogger logger)
    where T : class
{
    /// <summary>More resources are refused.</summary>
    public const int Most = 100_000;

    private const int MaxKey = 600;
    private const int MaxLogged = 20;

    private readonly Lock _lock = new();
    private Dictionary<string, T?>? _resources;
    private IReadOnlyList<T>? _taken;
    private int _refused;
    private int _logged;

    /// <summary>How many can be read, and how many cannot.</summary>
    public (int Known, int Refused) Count
    {
        get
        {
            lock (_lock) return ((_resources?.Count ?? 0) - _refused, _refused);
        }
    }

    /// <summary>What can be read. Null before the first whole list. The same list as long as nothing has changed.</summary>
    public IReadOnlyList<T>? Take()
    {
        lock (_lock) return _resources is null ? null : _taken ??= [.. _resources.Values.OfType<T>()];
    }

    /// <summary>A whole list takes the place of what was known.</summary>
    public void Replace(Dictionary<string, T?> resources)
    {
        lock (_lock)
        {
            (_resources, _taken) = (resources, null);
            _refused = resources.Values.Count(resource => resource is null);
            metrics.ObjectsRefused(kind.Label, _refused);
        }
    }

    /// <summary>Adds a resource of a list that is not whole yet.</summary>
    /// <exception cref="WatchFault">There are too many.</exception>
    public void AddTo(Dictionary<string, T?> list, JsonElement resource)
    {
        list[KeyOf(resource)] = ReadOrRefuse(resource);
        if (list.Count > Most) throw TooMany();
    }

    /// <summary>A resource was added or changed.</summary>
    /// <exception cref="WatchFault">There are too many.</exception>
    public void Put(JsonElement resource)
    {
        var (key, read) = (KeyOf(resource), ReadOrRefuse(resource));
        lock (_lock)
        {
            if (!_resources!.ContainsKey(key) && _resources.Count >= Most) throw TooMany();
            Forget(key);
            _resources[key] = read;
            if (read is null) _refused++;
            metrics.ObjectsRefused(kind.Label, _refused);
        }
    }

    public void Remove(JsonElement resource)
    {
        lock (_lock)
        {
            Forget(KeyOf(resource));
            metrics.ObjectsRefused(kind.Label, _refused);
        }
    }

    /// <summary>A whole list is about to come, and its faults may be logged.</summary>
    public void BeginList() => _logged = 0;

    private void Forget(string key)
    {
        if (_resources!.Remove(key, out var before) && before is null) _refused--;
        _taken = null;
    }

    /// <summary>Null where the resource cannot be read. The others go on.</summary>
    private T? ReadOrRefuse(JsonElement resource)
    {
        try
        {
            var node = JsonNodes.Read(resource);
            return kind.Read(node, Metadata.Name(node, "default"));
        }
        // The platform throws the second one for names that are no Unicode.
        catch (Exception e) when (e is ResourceFault or InvalidOperationException)
        {
            if (++_logged <= MaxLogged) Log.ObjectRefused(logger, kind.Plural, QuotedText.Of(KeyOf(resource), 200), QuotedText.Of(e.Message, 300));
            return null;
        }
    }

    private static string KeyOf(JsonElement resource)
    {
        var metadata = ClusterJson.Member(resource, "metadata");
        var key = $"{ClusterJson.Text(metadata, "namespace")}/{ClusterJson.Text(metadata, "name")}";
        return key.Length <= MaxKey ? key : key[..MaxKey];
    }

    private WatchFault TooMany() => new(
        WatchEnd.TooMany, $"The cluster has more than {Most} {kind.Plural}, which is too many. What was known before stays in use.");
}
