using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>Asks a server which values a selector's series have for the namespace of the workload.</summary>
internal sealed class NamespaceNames(PrometheusClient client)
{
    /// <summary>Of more names, halves are only less even.</summary>
    private const int MaxNames = 10_000;

    /// <returns>Null where the server did not tell.</returns>
    public async Task<IReadOnlyList<string>?> AskAsync(string selector, Window window, TimeSpan back, CancellationToken cancel)
    {
        var listed = await client.Values.AskAsync(NamespaceCut.Label, selector, window.End - back, window.End, cancel);
        if (!listed.IsRefused) return listed.Values.Count == 0 ? null : [.. listed.Values.Take(MaxNames)];

        // Some gateways let nothing through but queries.
        var grouped = new LabelSink(NamespaceCut.Label, MaxNames);
        return await client.QueryAsync($"group by ({NamespaceCut.Label}) ({selector})", window.End, grouped, cancel) is null ? grouped.Values : null;
    }
}
