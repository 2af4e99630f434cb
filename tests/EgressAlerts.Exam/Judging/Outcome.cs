using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Judging;

/// <summary>What came of one play.</summary>
internal sealed class Outcome(Mesh mesh)
{
    private readonly Dictionary<Attack, AttackOutcome> _attacks = mesh.Attacks.ToDictionary(attack => attack, attack => new AttackOutcome(attack));

    public MeshOptions Options => mesh.Options;

    public IReadOnlyCollection<AttackOutcome> Attacks => _attacks.Values;

    /// <summary>False alerts by name and severity: of the control run, and of the attacked run alone.</summary>
    public SortedDictionary<(string Alert, string Severity), (int Control, int Attacked)> False { get; } = [];

    public long Increments { get; set; }

    /// <summary>The most alerts of warning or critical that fired at one time in the control run.</summary>
    public int Most { get; set; }

    /// <summary>Messages in Slack that the control run's alerts of warning or critical would have begun, and its <c>info</c> alerts.</summary>
    public int Groups { get; set; }

    public int InfoGroups { get; set; }

    /// <summary>Hashes of all that began to fire in the judged time, in its order: up to the end of each day.</summary>
    public List<string> Hashes { get; } = [];

    public AttackOutcome Of(Attack attack) => _attacks[attack];

    public void AddFalse(Finding finding, bool isControl)
    {
        var key = (finding.AlertName, finding.Severity);
        var (control, attacked) = False.GetValueOrDefault(key);
        False[key] = isControl ? (control + 1, attacked) : (control, attacked + 1);
    }
}

/// <summary>What came of one attack.</summary>
internal sealed class AttackOutcome(Attack attack)
{
    public Attack Attack => attack;

    /// <summary>Seconds from its beginning to the first alert of warning or critical; null where there is none.</summary>
    public long? Found { get; private set; }

    /// <summary>Whether the alert that is meant for it fired, as warning or critical.</summary>
    public bool IsMeant { get; private set; }

    /// <summary>Whether anything fired, be it <c>info</c>.</summary>
    public bool IsSeen { get; private set; }

    /// <summary>How often what fired, by alert and severity.</summary>
    public SortedDictionary<string, int> Alerts { get; } = new(StringComparer.Ordinal);

    public void Add(Finding finding, long after)
    {
        var word = $"{finding.AlertName}/{finding.Severity}";
        Alerts[word] = Alerts.GetValueOrDefault(word) + 1;
        IsSeen = true;
        if (finding.Severity == "info") return;
        Found ??= after;
        IsMeant |= finding.AlertName == attack.Kind.Meant;
    }
}
