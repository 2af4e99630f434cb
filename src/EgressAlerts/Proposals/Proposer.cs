using EgressAlerts.Model;
using EgressAlerts.Past;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Proposals;

/// <summary>Proposes what a mesh has to register, from what was seen. The same input gives the same proposal.</summary>
internal static class Proposer
{
    /// <summary>A workload with more destinations has no list that ever ends: a crawler, or a service that calls back to what its users name.</summary>
    public const int MostDestinations = 100;

    /// <param name="isCovered">Whether an entry that exists already would let a flow pass.</param>
    public static Proposal Propose(PastTraffic traffic, ProposalOptions options, PastKnowledge known, Func<PastUse, PastTraffic, bool> isCovered)
    {
        var registered = traffic.Uses.Where(use => use.Flow.Route == Route.Registered)
            .Select(use => $"{use.Flow.Source.Namespace}: {use.Flow.Destination}").Distinct().Order(StringComparer.Ordinal).ToList();
        var candidates = traffic.Uses
            .Where(use => use.Flow.Route is Route.Passthrough or Route.Unidentified or Route.Blocked && !IsByPolicy(use, traffic) && !isCovered(use, traffic))
            .GroupBy(use => (use.Flow.Source.Namespace, use.Flow.Destination))
            .Select(group => new Candidate(group.Key.Namespace, traffic.Find(group.Key.Destination), [.. group])).ToList();
        var endless = candidates.SelectMany(candidate => candidate.Sources.Select(source => (Source: source, candidate.Destination.Name)))
            .GroupBy(one => one.Source).Where(source => source.Count() > MostDestinations).Select(source => source.Key).ToHashSet();

        var (sought, decide) = (new List<Sought>(), new List<Undecided>());
        var judge = new Judge(options, known);
        foreach (var candidate in candidates.Where(candidate => !candidate.Sources.All(endless.Contains)))
        {
            var judgement = judge.Of(candidate);
            decide.AddRange(judgement.Open.Select(candidate.Ask));
            if (judgement.Host.Length > 0) sought.Add(new(candidate, judgement));
        }

        decide.AddRange(candidates.Where(candidate => candidate.Sources.All(endless.Contains))
            .GroupBy(candidate => (candidate.Namespace, Sources: candidate.SourceNames))
            .Select(group => Endless(group.Key.Namespace, [.. group])));
        var daysWithData = traffic.HoursWithData.Select(hour => DateOnly.FromDateTime(hour.UtcDateTime)).Distinct().Count();
        return new(
            traffic.Span.FirstDay,
            traffic.Span.FirstDay.AddDays(traffic.Span.Days - 1),
            traffic.Span.Days,
            daysWithData,
            options,
            Entries.Of(sought, options),
            options.IsAmbient ? [] : [.. traffic.Uses.Select(use => use.Flow.Source.Namespace).Distinct().Order(StringComparer.Ordinal)],
            [.. decide.OrderBy(one => one.Namespace, StringComparer.Ordinal).ThenBy(one => one.Destination, StringComparer.Ordinal).ThenBy(one => one.Why)],
            registered,
            traffic.NotRestarted is { } quiet ? [.. quiet.Select(source => $"{source}")] : null);
    }

    /// <summary>Whether an AuthorizationPolicy refused it. An entry registers it already.</summary>
    private static bool IsByPolicy(PastUse use, PastTraffic traffic) =>
        use.Flow.Route == Route.Blocked && traffic.Find(use.Flow.Destination).Source == NameSource.Registry;

    /// <summary>Many destinations of workloads that have no end of them, as one.</summary>
    private static Undecided Endless(string ns, IReadOnlyList<Candidate> all)
    {
        List<PastUse> uses = [.. all.SelectMany(candidate => candidate.Uses)];
        return new(
            ns,
            $"{PageText.Number(all.Count)} destinations",
            [],
            Candidate.EvidenceOf(new("", NameSource.Unknown, Confirmed: false), uses, withNamespaces: false),
            $"The workload has more than {MostDestinations} destinations, so a list of its hosts never ends.",
            "Give it a namespace of its own that stays open, and let alerts watch how much it sends. Allow it with a policy that has no destination.");
    }
}

/// <summary>A candidate that can be registered.</summary>
internal sealed record Sought(Candidate Candidate, Judgement Judgement)
{
    public string Ports => string.Join('-', Judgement.Ports.Select(port => port.Name));

    /// <summary>What was seen of it, also on ports that a person has to decide about.</summary>
    public IEnumerable<PastUse> Uses => Candidate.Uses;
}
