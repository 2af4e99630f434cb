using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>How a destination is named, and why.</summary>
/// <param name="IsFinal">False while DNS may still change the name.</param>
/// <param name="Refuted">What the client claims, where DNS clearly contradicts it.</param>
/// <param name="Rungs">The sources of names in the order of trust, up to the one that names the destination.</param>
/// <param name="Dns">What DNS said about the address and about the claimed name.</param>
public sealed record NameExplanation(
    Destination Destination, bool IsFinal, RefutedClaim? Refuted, IReadOnlyList<NameRung> Rungs, IReadOnlyList<DnsFact> Dns);

/// <summary>A source of names, and whether it names a destination.</summary>
/// <param name="Source">The label value of a <see cref="NameSource"/>.</param>
/// <param name="Reason">The end of a sentence. It may hold text that a client or a stranger chose.</param>
public sealed record NameRung(string Source, bool IsTaken, string Reason);

/// <summary>A question to DNS, such as <c>A www.example.com</c>, and the answer that the cache has.</summary>
public sealed record DnsFact(string Question, string Answer);
