namespace EgressAlerts.Detection;

/// <summary>How a policy stands.</summary>
public enum PolicyState
{
    Active,

    /// <summary>The entry has ended, so that it matches nothing.</summary>
    Expired,

    /// <summary>An earlier policy takes all traffic that it could match.</summary>
    Shadowed,

    /// <summary>It has decided about nothing for 30 days.</summary>
    Unused,
}

/// <summary>Says how policies stand, so that those that do nothing any more can be removed. One thread at a time.</summary>
internal sealed class PolicyReview(IReadOnlyList<Policy> policies)
{
    public static readonly TimeSpan UnusedAfter = TimeSpan.FromDays(30);

    private HashSet<string> _shadowed = [];
    private int _expired = -1;

    /// <summary>How each policy stands at the end of a window, by its name.</summary>
    /// <param name="hits">What each has decided, by its name.</param>
    public IReadOnlyDictionary<string, PolicyState> States(IReadOnlyDictionary<string, PolicyHit> hits, DateTimeOffset end)
    {
        // Each pair is compared, which takes long where there are many. So it is done only where another entry has ended.
        if (policies.Count(policy => policy.IsExpired(end)) is var expired && expired != _expired)
            (_expired, _shadowed) = (expired, [.. policies.Where((_, i) => ShadowOf(policies, i, end) is not null).Select(policy => policy.Name)]);
        return policies.ToDictionary(policy => policy.Name, policy => policy.IsExpired(end) ? PolicyState.Expired
            : _shadowed.Contains(policy.Name) ? PolicyState.Shadowed
            : IsUnused(hits.GetValueOrDefault(policy.Name), end) ? PolicyState.Unused
            : PolicyState.Active);
    }

    /// <summary>The first earlier policy that takes all traffic which a policy could match; null where there is none.</summary>
    public static Policy? ShadowOf(IReadOnlyList<Policy> policies, int index, DateTimeOffset end) =>
        policies.Take(index).FirstOrDefault(earlier => !earlier.IsExpired(end) && PolicyCover.Covers(earlier, policies[index]));

    private static bool IsUnused(PolicyHit? hit, DateTimeOffset end) =>
        hit is not null && hit.Since != default && end - (hit.Hits > 0 ? hit.LastHit : hit.Since) >= UnusedAfter;
}
