using EgressAlerts.Polling;

namespace EgressAlerts.Proposals;

/// <summary>What a mesh would have to register so that nothing that is known and confirmed is refused.</summary>
/// <param name="Namespaces">The namespaces to close, with a Sidecar each. Empty in ambient mode.</param>
/// <param name="Registered">The destinations that a ServiceEntry registers already, as <c>namespace: destination</c>.</param>
/// <param name="NotRestarted">See <see cref="PastTraffic"/>.</param>
internal sealed record Proposal(
    DateOnly FirstDay, DateOnly LastDay, int Days, int DaysWithData, ProposalOptions Options, IReadOnlyList<ProposedEntry> Entries,
    IReadOnlyList<string> Namespaces, IReadOnlyList<Undecided> Decide, IReadOnlyList<string> Registered, IReadOnlyList<string>? NotRestarted);

/// <summary>A ServiceEntry.</summary>
/// <param name="Callers">The namespaces that use it.</param>
/// <param name="Addresses">CIDRs, only of raw TCP.</param>
/// <param name="Resolution">As Istio writes it.</param>
/// <param name="Endpoints">Addresses to send to, where the resolution is STATIC.</param>
/// <param name="Warning">What a reader has to know before it is applied; empty for nothing.</param>
internal sealed record ProposedEntry(
    string Name, string Namespace, string Owner, IReadOnlyList<string> Callers, IReadOnlyList<ProposedHost> Hosts, IReadOnlyList<string> Addresses,
    IReadOnlyList<ProposedPort> Ports, string Resolution, IReadOnlyList<string> Endpoints, string Warning);

/// <param name="Protocol">As Istio writes it.</param>
internal sealed record ProposedPort(int Number, string Protocol)
{
    public string Name => FormattableString.Invariant($"{Protocol.ToLowerInvariant()}-{Number}");
}

/// <summary>A host of an entry, and what was seen of it.</summary>
internal sealed record ProposedHost(string Host, Evidence Seen);

/// <summary>What was seen of a destination.</summary>
/// <param name="NameSource">Where its name comes from, as the label <c>name_source</c> has it.</param>
/// <param name="Workloads">Who used it: names within a namespace, or with their namespace where there are several.</param>
internal sealed record Evidence(
    double Contacts, double Upload, double Download, int Days, DateOnly First, DateOnly Last, string NameSource, bool Confirmed,
    IReadOnlyList<string> Workloads);

/// <summary>A destination that a person has to decide about.</summary>
/// <param name="Ports">What was used, such as <c>443/tcp</c>; the port is <c>?</c> where the mesh does not tell it.</param>
/// <param name="Why">Why it is not proposed, as a sentence.</param>
/// <param name="Remedy">What would do, as a sentence.</param>
internal sealed record Undecided(string Namespace, string Destination, IReadOnlyList<string> Ports, Evidence Seen, string Why, string Remedy);
