using System.Globalization;
using System.Text;
using EgressAlerts.Web;
using static EgressAlerts.Web.YamlText;

namespace EgressAlerts.Proposals;

/// <summary>Writes a proposal as YAML that <c>kubectl</c> takes. All that a person has to know stands in comments.</summary>
internal static class ProposalYaml
{
    /// <summary>The whole proposal as one stream of documents.</summary>
    public static string Of(Proposal proposal)
    {
        var text = new StringBuilder(Comments(Head(proposal)));
        foreach (var (_, yaml) in Files(proposal)) text.Append(yaml);
        return text.ToString();
    }

    /// <summary>Two files for each namespace: what it registers, and the Sidecar that closes it, which is applied last.</summary>
    public static IReadOnlyList<(string Name, string Yaml)> Files(Proposal proposal) =>
    [
        .. proposal.Entries.GroupBy(entry => entry.Namespace).OrderBy(ns => ns.Key, StringComparer.Ordinal)
            .Select(ns => ($"{Slug(ns.Key)}.yaml", Registered(ns, proposal.Options))),
        .. proposal.Namespaces.Select(ns => ($"{Slug(ns)}-close.yaml", Closing(ns))),
    ];

    /// <summary>What a person has to know before anything is applied, a line each.</summary>
    public static IReadOnlyList<string> Head(Proposal proposal)
    {
        List<string> lines =
        [
            $"Proposed by egress-alerts from the traffic of {Day(proposal.FirstDay)} to {Day(proposal.LastDay)} (UTC).",
            FormattableString.Invariant($"There are data on {proposal.DaysWithData} of {proposal.Days} days. What happens once a month may not be in it."),
            .. proposal.NotRestarted switch
            {
                null => ["It is not known which workloads started in this time, because Prometheus does not have Istio's own series of its beginning."],
                { Count: 0 } => ["Every workload started at least once in this time."],
                var quiet => (IReadOnlyList<string>)
                [
                    $"These workloads did not start in this time, so what they call at a start was not seen: {Listed(quiet, 20)}.",
                ],
            },
        ];
        if (proposal.Registered.Count > 0) lines.Add($"Registered already, and not repeated here: {Listed(proposal.Registered, 50)}.");
        if (proposal.Options.IsAmbient)
        {
            lines.Add("ztunnel does not enforce REGISTRY_ONLY. A NetworkPolicy has to keep pods from going around the waypoint.");
            lines.Add($"The namespace {proposal.Options.EgressNamespace} and its waypoint {proposal.Options.Waypoint} have to be there.");
        }

        lines.AddRange(Decisions(proposal));
        return lines;
    }

    /// <summary>What is to be decided, a destination a line.</summary>
    public static IReadOnlyList<string> Decisions(Proposal proposal) => proposal.Decide.Count == 0
        ? ["Nothing is left to decide."]
        :
        [
            FormattableString.Invariant($"To decide ({proposal.Decide.Count}):"),
            .. proposal.Decide.Select(one =>
                $"- {one.Namespace}: {one.Destination}{(one.Ports.Count > 0 ? $" ({Listed(one.Ports, 5)})" : "")}: {Seen(one.Seen)}. {one.Why} {one.Remedy}"),
        ];

    private static string Registered(IEnumerable<ProposedEntry> entries, ProposalOptions options)
    {
        var text = new StringBuilder();
        foreach (var entry in entries) Append(text, entry, options);
        return text.ToString();
    }

    private static string Closing(string ns) =>
        $$"""
        ---
        # Apply this last. It refuses what no entry registers. Delete it to go back.
        apiVersion: networking.istio.io/v1
        kind: Sidecar
        metadata:
          name: default
          namespace: {{Value(ns)}}
        spec:
          outboundTrafficPolicy:
            mode: REGISTRY_ONLY

        """;

    private static void Append(StringBuilder text, ProposedEntry entry, ProposalOptions options)
    {
        text.Append(
            $"""
            ---
            {(entry.Warning.Length > 0 ? $"# Warning: {entry.Warning}\n" : "")}apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata:
              name: {Value(entry.Name)}
              namespace: {Value(entry.Namespace)}

            """);
        if (options.IsAmbient) text.Append($"  labels:\n    istio.io/use-waypoint: {Value(options.Waypoint)}\n");
        text.Append("spec:\n  hosts:\n");
        foreach (var host in entry.Hosts) text.Append($"    # {Seen(host.Seen)}\n    - {Value(host.Host)}\n");
        if (entry.Addresses.Count > 0) text.Append("  addresses:\n").AppendJoin("", entry.Addresses.Select(cidr => $"    - {Value(cidr)}\n"));
        text.Append("  location: MESH_EXTERNAL\n  ports:\n");
        foreach (var port in entry.Ports)
            text.Append(CultureInfo.InvariantCulture, $"    - number: {port.Number}\n      name: {port.Name}\n      protocol: {port.Protocol}\n");
        text.Append($"  resolution: {entry.Resolution}\n");
        if (entry.Endpoints.Count > 0) text.Append("  endpoints:\n").AppendJoin("", entry.Endpoints.Select(address => $"    - address: {Value(address)}\n"));
        if (options.IsAmbient) Policy(text, entry);
        else text.Append("  exportTo:\n    - \".\"\n");
    }

    /// <summary>Who may use an entry at the waypoint. In ambient mode <c>exportTo</c> decides nothing.</summary>
    private static void Policy(StringBuilder text, ProposedEntry entry) => text.Append(
        $"""
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata:
          name: {Value(entry.Name)}
          namespace: {Value(entry.Namespace)}
        spec:
          targetRefs:
            - group: networking.istio.io
              kind: ServiceEntry
              name: {Value(entry.Name)}
          action: ALLOW
          rules:
            - from:
                - source:
                    namespaces: {List(entry.Callers)}

        """);

    private static string Seen(Evidence seen)
    {
        var days = seen.Days == 1 ? "1 day" : FormattableString.Invariant($"{seen.Days} days");
        var when = seen.First == seen.Last ? Day(seen.First) : $"{Day(seen.First)} to {Day(seen.Last)}";
        var name = seen.NameSource == "unknown" ? "no name" : $"name from {seen.NameSource}, {(seen.Confirmed ? "confirmed" : "not confirmed")}";
        return $"{PageText.Number(seen.Contacts)} contacts on {days} ({when}), {PageText.Bytes(seen.Upload)} out, {PageText.Bytes(seen.Download)} in, {name}, "
            + $"used by {Listed(seen.Workloads, 20)}";
    }

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Listed(IReadOnlyList<string> all, int most) => string.Join(", ", all.Take(most))
        + (all.Count > most ? FormattableString.Invariant($" and {all.Count - most} more") : "");

    /// <remarks>Texts from the network are cleaned, so no line ends early.</remarks>
    private static string Comments(IReadOnlyList<string> lines) => string.Concat(lines.Select(line => $"# {line.ReplaceLineEndings(" ")}\n"));
}
