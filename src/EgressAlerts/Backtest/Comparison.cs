namespace EgressAlerts.Backtest;

/// <summary>What one configuration alerts on and another does not.</summary>
/// <param name="Config">The name of the other configuration.</param>
/// <param name="Added">Only the configuration that is tried has these.</param>
/// <param name="Removed">Only the other one has these.</param>
internal sealed record Comparison(string Config, IReadOnlyList<PlayedAlert> Added, IReadOnlyList<PlayedAlert> Removed)
{
    /// <summary>Two alerts are the same where their identities agree and they begin within one window of each other. Each has one partner at most.</summary>
    public static Comparison Of(string config, IReadOnlyList<PlayedAlert> tried, IReadOnlyList<PlayedAlert> other, TimeSpan window)
    {
        var unmatched = other.GroupBy(alert => alert.Key).ToDictionary(alerts => alerts.Key, alerts => alerts.ToList());
        var added = new List<PlayedAlert>();
        foreach (var alert in tried)
        {
            var candidates = unmatched.GetValueOrDefault(alert.Key) ?? [];
            var partner = candidates.FindIndex(candidate => (candidate.Begin - alert.Begin).Duration() <= window);
            if (partner < 0) added.Add(alert);
            else candidates.RemoveAt(partner);
        }

        var removed = unmatched.Values.SelectMany(alerts => alerts).ToHashSet(ReferenceEqualityComparer.Instance);
        return new(config, added, [.. other.Where(removed.Contains)]);
    }
}
