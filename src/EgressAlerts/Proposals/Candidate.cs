using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Proposals;

/// <summary>A destination of one namespace that no entry registers, and what was seen of it.</summary>
internal sealed class Candidate(string ns, Destination destination, IReadOnlyList<PastUse> uses)
{
    private const int MaxWorkloads = 10;

    public string Namespace => ns;

    public Destination Destination => destination;

    public IReadOnlyList<PastUse> Uses => uses;

    /// <summary>Whether the mesh refuses all of it already.</summary>
    public bool IsRefused => uses.All(use => use.Flow.Route == Route.Blocked);

    /// <summary>Each port and protocol, in order. Where the mesh tells no port, it is empty.</summary>
    public IReadOnlyList<(string Port, Protocol Protocol)> Ways =>
    [
        .. uses.Where(use => use.Flow.Route != Route.Blocked || IsRefused).Select(use => (Port: PortOf(use.Flow), use.Flow.Protocol)).Distinct()
            .OrderBy(way => way.Port.Length).ThenBy(way => way.Port, StringComparer.Ordinal).ThenBy(way => way.Protocol),
    ];

    public IEnumerable<Workload> Sources => uses.Select(use => use.Flow.Source).Distinct();

    public string SourceNames => string.Join(", ", Sources.Select(source => source.Name).Distinct().Order(StringComparer.Ordinal));

    public static Evidence EvidenceOf(Destination destination, IReadOnlyList<PastUse> uses, bool withNamespaces)
    {
        var days = PastDays.Union(uses.Select(use => use.Days));
        List<string> workloads =
            [.. uses.Select(use => withNamespaces ? $"{use.Flow.Source}" : use.Flow.Source.Name).Distinct().Order(StringComparer.Ordinal)];
        if (workloads.Count > MaxWorkloads) workloads = [.. workloads.Take(MaxWorkloads), $"{workloads.Count - MaxWorkloads} more"];
        return new(
            uses.Sum(use => use.Amounts.Contacts),
            uses.Sum(use => use.Amounts.Upload),
            uses.Sum(use => use.Amounts.Download),
            days.Count,
            days.First,
            days.Last,
            destination.Source.LabelValue(), destination.Confirmed, workloads);
    }

    /// <summary>Lists it for a person to decide.</summary>
    public Undecided Ask(Reason reason) => new(
        ns,
        destination.Name,
        [.. Ways.Select(way => $"{(way.Port.Length > 0 ? way.Port : "?")}/{way.Protocol.LabelValue()}")],
        EvidenceOf(destination, uses, withNamespaces: false),
        reason.Why,
        reason.Remedy);

    /// <summary>A Host header without a port stands for port 80 (RFC 9110, section 4.2.1).</summary>
    private static string PortOf(ExportedFlow flow) => flow is { Port.Length: 0, Protocol: not Protocol.Tcp } ? "80" : flow.Port;
}

/// <summary>Why something is not proposed, and what would do. Both are sentences.</summary>
internal sealed record Reason(string Why, string Remedy);
