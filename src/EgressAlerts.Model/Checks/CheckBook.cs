namespace EgressAlerts.Model;

/// <summary>Collects what the checks of a set-up come to. Any thread.</summary>
/// <param name="wanted">Which kinds are asked for.</param>
public sealed class CheckBook(Func<CheckKind, bool> wanted)
{
    /// <summary>A kind can have a line for each server or file. Further ones are left out.</summary>
    private const int MostOfAKind = 50;

    private readonly Lock _lock = new();
    private readonly List<Check> _checks = [];

    /// <summary>What has been found so far.</summary>
    public IReadOnlyList<Check> Found
    {
        get
        {
            lock (_lock) return [.. _checks];
        }
    }

    /// <summary>Whether one of these kinds is asked for. A question that none of them needs can be saved.</summary>
    public bool Wants(params IReadOnlyList<CheckKind> kinds) => kinds.Any(wanted);

    /// <summary>Takes what a check came to. One that nobody asked for is dropped.</summary>
    public void Add(params IReadOnlyList<Check> checks)
    {
        lock (_lock)
        {
            foreach (var check in checks)
            {
                var isWanted = wanted(new(check.Section, check.Code, ""));
                if (isWanted && _checks.Count(one => one.Code == check.Code) < MostOfAKind) _checks.Add(check);
            }
        }
    }

    /// <summary>Says of kinds that have no result yet why there is none.</summary>
    public void GiveUp(IEnumerable<CheckKind> kinds, string why, string promql = "")
    {
        var known = Found.Select(check => check.Code).ToHashSet();
        Add([.. kinds.Where(kind => !known.Contains(kind.Code)).Select(kind => kind.Fail(why, "", promql))]);
    }
}
