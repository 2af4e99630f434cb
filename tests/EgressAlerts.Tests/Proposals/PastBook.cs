using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Proposals;

/// <summary>Makes past traffic by hand.</summary>
internal sealed class PastBook
{
    private readonly List<PastUse> _uses = [];
    private readonly Dictionary<string, Destination> _destinations = [];

    public static PastSpan Span { get; } = PastSpan.Before(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero), TimeSpan.FromDays(14));

    public IReadOnlyList<Workload>? NotRestarted { get; set; } = [];

    public PastTraffic Traffic => new(
        Span, [.. _uses.OrderBy(use => $"{use.Flow}", StringComparer.Ordinal)], _destinations,
        Enumerable.Range(0, 14 * 24).Select(hour => Span.Start.AddHours(hour)).ToHashSet(), NotRestarted, []);

    /// <param name="source">As <c>namespace/workload</c>.</param>
    /// <param name="port">As <c>443/tcp</c>. The port may be left out.</param>
    public PastBook Use(
        string source, string name, string port, NameSource from = NameSource.Sni, bool confirmed = true, Route route = Route.Passthrough, double contacts = 10,
        string domain = "", string owner = "")
    {
        var (parts, way) = (source.Split('/'), port.Split('/'));
        _destinations[name] = new(name, from, confirmed, owner, Domain: domain);
        _uses.Add(new(
            new(new(parts[0], parts[1]), name, way[0], route, LabelValues.Parse<Protocol>(way[1])),
            new() { Requests = way[1] == "tcp" ? 0 : contacts, Opened = way[1] == "tcp" ? contacts : 0, Upload = contacts * 1024, Download = contacts * 2048 },
            new(Span.FirstDay, [0b111])));
        return this;
    }
}
