namespace EgressAlerts.Web;

/// <summary>How far each namespace is from REGISTRY_ONLY, by what the counters say since they began.</summary>
/// <param name="Namespace">The one whose traffic is listed; empty for all.</param>
/// <param name="Unregistered">What REGISTRY_ONLY would refuse.</param>
/// <param name="Proposal">What the namespace would have to register; null where none is chosen.</param>
public sealed record ReadinessModel(
    DateTimeOffset? WindowEnd, string Namespace, IReadOnlyList<NamespaceReadiness> Namespaces, RowsPage<UnregisteredRow> Unregistered,
    ProposalModel? Proposal);

/// <summary>One namespace.</summary>
/// <param name="RegisteredShare">Of all requests and connections that were let out, from 0 to 1.</param>
/// <param name="Destinations">How many destinations REGISTRY_ONLY would refuse.</param>
/// <param name="Unverified">How many of these have no name that anybody vouches for, so that no ServiceEntry can be written without a look at them.</param>
public sealed record NamespaceReadiness(
    string Namespace, double RegisteredShare, double Contacts, double UnregisteredContacts, double UnregisteredBytes, int Destinations, int Unverified,
    double Blocked);

/// <summary>A destination of a namespace that no ServiceEntry registers.</summary>
/// <param name="Workloads">Those that talk to it.</param>
public sealed record UnregisteredRow(
    string Namespace, string Destination, string NameSource, bool Confirmed, IReadOnlyList<string> Ports, IReadOnlyList<string> Protocols, double Contacts,
    double Bytes, IReadOnlyList<string> Workloads);
