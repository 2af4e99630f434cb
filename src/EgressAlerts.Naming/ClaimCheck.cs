using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;

namespace EgressAlerts.Naming;

/// <summary>Compares the name that a client claims (TLS server name, Host header) with what DNS knows of the name and of the address that was used.</summary>
/// <remarks>A claim is confirmed if the name resolves to this address, or if the address has a confirmed name of the same owner. That both lie in the same
/// autonomous system confirms nothing, because anybody can rent a machine there. But it is reason enough not to call the claim false.</remarks>
/// <param name="mayRefute">False where DNS may have said something else when the name was claimed. Then no claim is called false.</param>
internal sealed class ClaimCheck(Lookups lookups, Func<IPAddress, NetworkName> geo, Func<PublicSuffixes> suffixes, bool mayRefute = true)
{
    /// <summary>A claim is false only after this many answers without the address, at least 48 seconds apart, because names of load balancers rotate.</summary>
    private const int LooksToRefute = 2;

    private const int MaxNamed = 3;

    /// <param name="open">Gets the questions whose answers are missing.</param>
    public Verdict Evaluate(string claim, IPAddress address, double weight, ICollection<Question> open)
    {
        if (IPAddress.TryParse(claim, out var other)) return other.Equals(address) ? Verdict.Nothing : Verdict.Refuted("is another address");
        if (claim == LabelValues.Invalid) return Verdict.Nothing;
        if (!CanBeAsked(claim)) return Verdict.Unknown;

        var answer = lookups.Resolve(claim, address.AddressFamily, weight);
        if (answer.Has(address)) return Verdict.Confirmed;
        if (answer.State == AnswerState.Pending)
        {
            open.Add(Question.AddressesOf(claim, address.AddressFamily));
            return Verdict.Open;
        }

        if (ConfirmedName(address, weight, open) is not { } own) return Verdict.Open;
        if (own.Length > 0 && suffixes().OwnerOf(claim) is { Length: > 0 } owner && suffixes().OwnerOf(own) == owner) return Verdict.Confirmed;
        if (!mayRefute) return Verdict.Unknown;
        var evidence = answer.State == AnswerState.Absent ? Absence(claim) : Elsewhere(answer.Addresses.ToList(), address, own, open);
        if (evidence is null) return Verdict.Unknown;
        if (evidence.Length > 0 && answer.Looks >= LooksToRefute) return Verdict.Refuted(evidence + " (asked twice)");
        if (evidence.Length > 0) open.Add(Question.AddressesOf(claim, address.AddressFamily)); // The second look may be under way.
        return Verdict.Open;
    }

    /// <summary>Whether DNS is asked about a claim that is no address.</summary>
    public static bool CanBeAsked(string claim) =>
        claim.Contains('.', StringComparison.Ordinal) && !claim.Contains('*', StringComparison.Ordinal);

    /// <summary>What a name without an address is evidence for. It must have three labels under a public suffix. A shorter one may be a name of the cluster
    /// that a search list completes.</summary>
    private string? Absence(string claim) => claim.Count('.') >= 2 && suffixes().IsPublic(claim) ? "has no such address in DNS" : null;

    /// <summary>The evidence that the address belongs to others than the name. Null where there is none, empty while DNS is being asked.</summary>
    private string? Elsewhere(List<IPAddress> named, IPAddress used, string own, ICollection<Question> open)
    {
        if (named.Any(address => SpecialRanges.Find(address) is not null)) return null; // Another view of the zone than the application's.
        var (system, systems) = (geo(used).Name, named.ConvertAll(address => geo(address).Name));
        if (system.Length > 0 && systems.Contains(system)) return null;

        var names = named.Take(MaxNamed).Select(address => ConfirmedName(address, weight: 0, open)).ToList();
        if (names.Contains(null)) return "";
        var (domain, domains) = (suffixes().DomainOf(own), names.ConvertAll(name => suffixes().DomainOf(name!)));
        if (domain.Length > 0 && domains.Contains(domain)) return null;
        var isOtherSystem = system.Length > 0 && !systems.Contains("");
        var isOtherDomain = domain.Length > 0 && !domains.Contains("");
        if (!isOtherSystem && !isOtherDomain) return null;
        var told = string.Join(", ", named.Take(MaxNamed).Select((address, i) => Described(address, names[i]!, systems[i])));
        return $"resolves to {told}{(named.Count > MaxNamed ? " and others" : "")}";
    }

    /// <summary>The name that DNS confirms for an address. Empty where there is none, null while DNS is being asked.</summary>
    private string? ConfirmedName(IPAddress address, double weight, ICollection<Question> open)
    {
        var answer = lookups.Find(address, weight);
        if (answer.State != AnswerState.Pending) return answer.Confirmed ? answer.Name : "";
        open.Add(Question.NameOf(address));
        return null;
    }

    private static string Described(IPAddress address, string name, string system) =>
        (name.Length > 0, system.Length > 0) switch
        {
            (true, true) => $"{address} ({name}, {system})",
            (true, false) => $"{address} ({name})",
            (false, true) => $"{address} ({system})",
            _ => address.ToString(),
        };
}

/// <summary>The result of a check.</summary>
/// <param name="Evidence">What the name is instead, where the claim is refuted.</param>
internal readonly record struct Verdict(Standing Standing, string Evidence = "")
{
    public static readonly Verdict Nothing = new(Standing.Nothing);
    public static readonly Verdict Unknown = new(Standing.Unknown);
    public static readonly Verdict Open = new(Standing.Open);
    public static readonly Verdict Confirmed = new(Standing.Confirmed);

    public static Verdict Refuted(string evidence) => new(Standing.Refuted, evidence);
}

internal enum Standing
{
    /// <summary>It claims nothing beyond the address.</summary>
    Nothing,

    /// <summary>Nothing speaks for or against it for sure.</summary>
    Unknown,

    /// <summary>DNS has not said enough yet.</summary>
    Open,

    Confirmed,
    Refuted,
}
