using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Knows the namespaces of a server that belong to this shard, and the matchers that select them. Called by the pass alone.</summary>
/// <remarks>PromQL has no hash, so the names are listed for each window. A shard only ever asks for names that are its own. So two shards never read the same
/// series, however old their lists are. A namespace that a list does not have yet is read with a later window, and counts in full then.</remarks>
internal sealed class ShardNamespaces(PrometheusClient client, PollingOptions options)
{
    /// <summary>The most characters of a matcher's pattern.</summary>
    private const int MaxPattern = 8 << 10;

    /// <summary>A server that lists names may have more.</summary>
    private const int MaxNames = 1_000_000;

    /// <summary>Everything that is no name of a namespace, see <see cref="NamespaceCut.IsName"/>. The first shard has it.</summary>
    private const string NoName = NamespaceCut.Label + "!~\"[a-z0-9][a-z0-9-]{0,62}\"";

    /// <summary>A name is asked for so long after it was listed last.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly SortedDictionary<string, DateTimeOffset> _listed = new(StringComparer.Ordinal);

    /// <summary>Each selects a part of the shard's series. No series fits two of them.</summary>
    public IReadOnlyList<string> Matchers { get; private set; } = [];

    /// <summary>Lists the namespaces of a window.</summary>
    /// <returns>Null, or why there is no list. Nothing has changed then.</returns>
    public async Task<QueryFailure?> ListAsync(Window window, TimeSpan back, CancellationToken cancel)
    {
        var metrics = $"__name__=~\"{string.Join('|', RawMetric.All.Select(raw => raw.Name))}\"";
        var selector = $"{{{string.Join(',', options.Matchers.Prepend(metrics))}}}";
        var answer = await client.Values.AskAsync(NamespaceCut.Label, selector, window.End - back, window.End, cancel);
        if (answer.IsSilent) return new(FailureReason.Connection, "the namespaces of the mesh could not be listed, so it is not known which are this shard's");
        var names = answer.Values;
        if (answer.IsRefused)
        {
            // Some gateways let nothing through but queries.
            var grouped = new LabelSink(NamespaceCut.Label, MaxNames);
            var query = $"group by ({NamespaceCut.Label}) (last_over_time({selector}[{LiveSamples.Duration(back)}]))";
            if (await client.QueryAsync(query, window.End, grouped, cancel) is { } failure) return failure;
            names = grouped.Values;
        }

        foreach (var name in names.Where(name => NamespaceCut.IsName(name) && options.Shard.Owns(name))) _listed[name] = window.End;
        foreach (var old in _listed.Where(name => window.End - name.Value > Remembered).Select(name => name.Key).ToList()) _listed.Remove(old);
        Matchers = [.. Patterns().Select(pattern => $"{NamespaceCut.Label}=~\"{pattern}\""), .. options.Shard.Number == 1 ? [NoName] : (string[])[]];
        return null;
    }

    private IEnumerable<string> Patterns()
    {
        var pattern = "";
        foreach (var name in _listed.Keys)
        {
            if (pattern.Length + name.Length >= MaxPattern)
            {
                yield return pattern;
                pattern = "";
            }

            pattern = pattern.Length == 0 ? name : $"{pattern}|{name}";
        }

        if (pattern.Length > 0) yield return pattern;
    }
}
