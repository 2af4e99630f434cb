namespace EgressAlerts.Registry;

/// <summary>When hosts were used last. A wildcard is used by every name that it stands for. Immutable.</summary>
public sealed class HostUses
{
    private readonly Dictionary<string, DateTimeOffset> _last = [];

    /// <param name="lastUsed">When each destination was used last, by its name.</param>
    public HostUses(IReadOnlyDictionary<string, DateTimeOffset> lastUsed)
    {
        foreach (var (name, last) in lastUsed)
        {
            var host = name.ToLowerInvariant();
            Keep(host, last);
            // Each parent domain is used too, so that a wildcard is found without a search.
            for (var dot = host.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = host.IndexOf('.', dot + 1)) Keep("*" + host[dot..], last);
            Keep("*", last);
        }
    }

    /// <summary>Null where no use is remembered.</summary>
    public DateTimeOffset? LastOf(string host) => _last.TryGetValue(host, out var last) ? last : null;

    private void Keep(string host, DateTimeOffset last)
    {
        if (!_last.TryGetValue(host, out var known) || known < last) _last[host] = last;
    }
}
