using System.Text.Json.Serialization;

namespace EgressAlerts.Detection;

/// <summary>What one workload tried in vain, and whether it fires because that is too much.</summary>
internal sealed class Attempts : FiringState
{
    /// <summary>Stands in the database for the time <see cref="Latest"/>. So a row stays as it is while the same is tried again in each window.</summary>
    public static readonly DateTimeOffset InLatest = DateTimeOffset.UnixEpoch;

    /// <summary>The most destinations at a time since it fires.</summary>
    public int Most { get; set; }

    /// <summary>The end of the last window in which it tried anything in vain.</summary>
    public DateTimeOffset Latest { get; set; }

    /// <summary>What it tried, and when it last did.</summary>
    [JsonIgnore]
    public Dictionary<string, DateTimeOffset> Tried { get; } = [];

    /// <summary>Forgets what is old, or all where the detector is switched off.</summary>
    /// <returns>What has been forgotten.</returns>
    public IReadOnlyList<string> Forget(ProbingOptions options, DateTimeOffset now)
    {
        List<string> old = [.. Tried.Where(tried => !options.Enabled || now - tried.Value >= options.Within).Select(tried => tried.Key)];
        foreach (var tried in old) Tried.Remove(tried);
        return old;
    }

    /// <returns>Whether anything has changed.</returns>
    public bool Evaluate(ProbingOptions options, DateTimeOffset now)
    {
        if (Tried.Count >= options.Destinations)
        {
            Fire(now);
            Most = Math.Max(Most, Tried.Count);
            return true;
        }

        if (!TryEnd(now, options.Quiet)) return false;
        Most = 0;
        return true;
    }
}
