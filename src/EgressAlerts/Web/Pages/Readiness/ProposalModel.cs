namespace EgressAlerts.Web;

/// <summary>What a namespace, or all, would have to register.</summary>
/// <param name="State"><c>ready</c>; <c>reading</c> while Prometheus is asked: ask again; or <c>failed</c>.</param>
/// <param name="Progress">Which part has been read, from 0 to 1.</param>
/// <param name="Failure">Why there is none; empty for nothing.</param>
/// <param name="Yaml">The proposal as <c>egress-alerts propose</c> prints it.</param>
/// <param name="Command">The command that prints it.</param>
public sealed record ProposalModel(
    string Namespace, string Mode, string State, double Progress, string Failure, IReadOnlyList<ProposedEntryRow> Entries,
    IReadOnlyList<UndecidedRow> Decide, IReadOnlyList<string>? NotRestarted, string Yaml, string Command)
{
    public static ProposalModel None(string ns, string mode, string state, double progress, string failure, string command) =>
        new(ns, mode, state, progress, failure, [], [], null, "", command);
}

/// <summary>A ServiceEntry that is proposed.</summary>
public sealed record ProposedEntryRow(
    string Name, string Namespace, IReadOnlyList<string> Hosts, IReadOnlyList<string> Addresses, IReadOnlyList<string> Ports, double Contacts, double Bytes);

/// <summary>A destination that a person has to decide about.</summary>
public sealed record UndecidedRow(
    string Namespace, string Destination, IReadOnlyList<string> Ports, double Contacts, double Bytes, IReadOnlyList<string> Workloads, string Why,
    string Remedy);
