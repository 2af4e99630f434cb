namespace EgressAlerts.Detection;

/// <summary>Counts what each policy matches, by the names of policies. Called by the pass alone, except for <see cref="Current"/>.</summary>
/// <remarks>A policy that left the configuration is forgotten, so there is one entry a policy at most.</remarks>
internal sealed class PolicyHits
{
    internal static readonly Shape<string, PolicyHit> Shape = Storage.Shape.Json(
        "policy_hit", ["policy"], name => [name], values => (string)values[0], DetectionJson.Default.PolicyHit);

    private readonly Table<string, PolicyHit> _hits;
    private IReadOnlyList<Policy> _policies = [];
    private readonly Dictionary<Policy, Count> _window = new(ReferenceEqualityComparer.Instance);
    private IReadOnlyDictionary<string, PolicyHit> _current = new Dictionary<string, PolicyHit>();

    public PolicyHits(IReadOnlyList<Policy> policies, StoredState state)
    {
        _hits = state.Table(Shape);
        Keep(policies);
    }

    /// <summary>The counts as of the last window, of the policies that a window has seen. Any thread.</summary>
    public IReadOnlyDictionary<string, PolicyHit> Current => Volatile.Read(ref _current);

    /// <summary>Forgets the counts of all policies but these.</summary>
    public void Keep(IReadOnlyList<Policy> policies)
    {
        _policies = policies;
        foreach (var gone in _hits.Keys.Except(policies.Select(policy => policy.Name)).ToList()) _hits.Remove(gone);
        Publish();
    }

    /// <summary>A policy decided about an activity whose name is final.</summary>
    public void Hit(Policy policy) => CountOf(policy).Hits++;

    /// <summary>An activity whose name is final lacked nothing but a verified name.</summary>
    public void Miss(Policy policy, FlowActivity activity)
    {
        var count = CountOf(policy);
        (count.NearMisses, count.Missed) = (count.NearMisses + 1, activity);
    }

    /// <summary>Adds what was counted in a window.</summary>
    public void EndWindow(DateTimeOffset end)
    {
        var begun = _policies.Where(policy => !_hits.TryFind(policy.Name, out var known) || known.Since == default).ToList();
        if (_window.Count == 0 && begun.Count == 0) return;
        foreach (var policy in begun) _hits.Put(policy.Name, (_hits.TryFind(policy.Name, out var known) ? known : new()) with { Since = end });
        foreach (var (policy, count) in _window) _hits.Put(policy.Name, _hits[policy.Name].Plus(count.Hits, count.NearMisses, count.Missed, end));
        _window.Clear();
        Publish();
    }

    private Count CountOf(Policy policy)
    {
        if (!_window.TryGetValue(policy, out var count)) _window.Add(policy, count = new());
        return count;
    }

    private void Publish() => Volatile.Write(ref _current, new Dictionary<string, PolicyHit>(_hits));

    private sealed class Count
    {
        public long Hits { get; set; }

        public long NearMisses { get; set; }

        public FlowActivity? Missed { get; set; }
    }
}

/// <summary>How often a policy decided, since it is in the configuration. Each workload's traffic with a destination counts once a window.</summary>
public sealed record PolicyHit
{
    public long Hits { get; init; }

    /// <summary>The end of the first window in which the policy was there. Where an older version counted, that of the first window since.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it last did; the default value for never.</summary>
    public DateTimeOffset LastHit { get; init; }

    /// <summary>How often all conditions of an <c>allow</c> or <c>ignore</c> were met, but nobody vouched for the name.</summary>
    public long NearMisses { get; init; }

    /// <summary>When that last happened; the default value for never.</summary>
    public DateTimeOffset LastNearMiss { get; init; }

    /// <summary>Who did that last, as <c>namespace/workload</c>; null for nobody.</summary>
    public string? NearMissSource { get; init; }

    /// <summary>The name that nobody vouched for; null for none.</summary>
    public string? NearMissName { get; init; }

    internal PolicyHit Plus(long hits, long nearMisses, FlowActivity? missed, DateTimeOffset at)
    {
        var hit = hits == 0 ? this : this with { Hits = Hits + hits, LastHit = at };
        return missed is null ? hit : hit with
        {
            NearMisses = NearMisses + nearMisses,
            LastNearMiss = at,
            NearMissSource = $"{missed.Source}",
            NearMissName = missed.To.Sni.Length > 0 ? missed.To.Sni : missed.To.Host.Length > 0 ? missed.To.Host : missed.Destination.Name,
        };
    }
}
