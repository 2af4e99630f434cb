using EgressAlerts.Past;
using EgressAlerts.Polling;
using EgressAlerts.Proposals;
using EgressAlerts.Registry;

namespace EgressAlerts.Web;

/// <summary>Makes proposals for the page about readiness, and for its JSON twin.</summary>
internal sealed class ProposalReading(PageSources sources)
{
    private const int Days = 14;

    public const string Sidecar = "sidecar";
    public const string Ambient = "ambient";

    private volatile Evidence? _evidence;

    /// <param name="ns">Empty for all.</param>
    public async Task<ProposalModel> ReadAsync(string ns, string mode, CancellationToken cancel)
    {
        var command = $"egress-alerts propose --config.file={ShellText.Argument(sources.Options.ConfigName)} --since={Days}d"
            + $"{(ns.Length > 0 ? $" --namespace={ShellText.Argument(ns)}" : "")} --mode={mode} "
            + $"--storage.path={ShellText.Argument(sources.Options.StoragePath)}";
        var answer = await sources.Pass.Proposals.ReadAsync(ns, TimeSpan.FromDays(Days), cancel);
        if (answer.Failure.Length > 0) return ProposalModel.None(ns, mode, "failed", 0, answer.Failure, command);
        if (answer.Traffic is not { } traffic) return ProposalModel.None(ns, mode, "reading", answer.Progress, "", command);
        var known = KnownOf(traffic);
        var (settings, options) = (sources.Pass.Settings, ProposalOptions.Sidecars with { IsAmbient = mode == Ambient });
        var registry = sources.Pass.Mesh?.Registry ?? MeshRegistry.Empty;
        var proposal = Proposer.Propose(traffic, options, known, Covered.By(registry, settings, options, known));
        return new(
            ns,
            mode,
            "ready",
            1,
            "",
            [.. proposal.Entries.Select(Row)],
            [.. proposal.Decide.Select(Row)],
            proposal.NotRestarted,
            ProposalYaml.Of(proposal),
            command);
    }

    /// <summary>Read once for each reading of the traffic, because the addresses of a million names take seconds.</summary>
    private PastKnowledge KnownOf(PastTraffic traffic)
    {
        if (_evidence is not { } evidence || !ReferenceEquals(evidence.Traffic, traffic))
            _evidence = evidence = new(traffic, PastKnowledge.Read(sources.Pass.Settings, sources.Options.StoragePath));
        return evidence.Known;
    }

    private static ProposedEntryRow Row(ProposedEntry entry) => new(
        entry.Name, entry.Namespace, [.. entry.Hosts.Select(host => host.Host)], entry.Addresses, [.. entry.Ports.Select(port => port.Name)],
        entry.Hosts.Sum(host => host.Seen.Contacts), entry.Hosts.Sum(host => host.Seen.Upload + host.Seen.Download));

    private static UndecidedRow Row(Undecided one) => new(
        one.Namespace, one.Destination, one.Ports, one.Seen.Contacts, one.Seen.Upload + one.Seen.Download, one.Seen.Workloads, one.Why, one.Remedy);

    private sealed record Evidence(PastTraffic Traffic, PastKnowledge Known);
}
