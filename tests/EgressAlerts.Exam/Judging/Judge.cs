using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Judging;

/// <summary>Plays a mesh to two sets of detectors in lockstep, of which one sees the attacks too. Says what attacks and ordinary traffic led to.</summary>
/// <remarks>An alert that begins in the control run in the judged time is false, whatever it is about. An attack is found when an alert begins in the
/// attacked run that does not fire in the control run at that time. The alert has to name a workload of the attack, and a destination of it where it names
/// one. It has to begin while the attack runs, or within 26 h after its end. An alert that begins in the attacked run alone and belongs to no attack is
/// false too.</remarks>
internal sealed class Judge(
    Mesh mesh, Func<NamedReading, IReadOnlyList<Finding>> control, Func<NamedReading, IReadOnlyList<Finding>> attacked, Action<string>? say = null)
{
    private readonly Watch _control = new(control);
    private readonly Watch _attacked = new(attacked);
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>What has come of it up to now.</summary>
    public Outcome Outcome { get; } = new(mesh);

    /// <summary>Plays as many of the judged days as are asked for, with all that comes before.</summary>
    public Outcome Play(int days = Time.JudgedDays)
    {
        while (mesh.At < Time.JudgedFrom + (days * Time.Day))
        {
            var (window, ordinary, attacks) = mesh.Next();
            Observe(window, ordinary, attacks);
        }

        return Outcome;
    }

    public void Observe(Window window, IReadOnlyList<NamedIncrement> ordinary, IReadOnlyList<NamedIncrement> attacks)
    {
        var (at, isJudged) = (window.End.ToUnixTimeSeconds(), window.Start.ToUnixTimeSeconds() >= Time.JudgedFrom);
        var notes = new List<(string Note, string Description)>();
        var calm = _control.Observe(Reading(window, ordinary), isJudged);
        var stormy = _attacked.Observe(Reading(window, attacks.Count == 0 ? ordinary : [.. ordinary, .. attacks]), isJudged);
        if (!isJudged) return;
        foreach (var finding in calm)
        {
            notes.Add((Note("control", window, finding), finding.Description));
            Outcome.AddFalse(finding, isControl: true);
        }

        foreach (var finding in stormy.Where(finding => !_control.IsFiring(finding)))
        {
            var cause = Cause(finding, at);
            notes.Add((Note(cause is null ? "false" : $"found {cause.Kind.Name}", window, finding), finding.Description));
            if (cause is null) Outcome.AddFalse(finding, isControl: false);
            else Outcome.Of(cause).Add(finding, at - cause.Start);
        }

        // In which order detectors name what begins at one time is their own affair.
        foreach (var (note, description) in notes.OrderBy(note => note.Note, StringComparer.Ordinal))
        {
            _hash.AppendData(Encoding.UTF8.GetBytes(note + "\n"));
            say?.Invoke($"{note}\t{description}");
        }

        Outcome.Increments += ordinary.Count + attacks.Count;
        (Outcome.Most, Outcome.Groups, Outcome.InfoGroups) = (_control.Most, _control.Groups, _control.InfoGroups);
        if ((at - Time.JudgedFrom) % Time.Day == 0) Outcome.Hashes.Add(Convert.ToHexStringLower(_hash.GetCurrentHash())[..16]);
    }

    private static NamedReading Reading(Window window, IReadOnlyList<NamedIncrement> seen) =>
        new(window, seen);

    /// <summary>The attack that a finding is about; of several the youngest.</summary>
    private Attack? Cause(Finding finding, long at) => mesh.Attacks
        .Where(attack => at > attack.Start && at <= attack.End + Plan.Aftermath && attack.HasSource(finding.Source)
            && attack.HasDestination(finding.Destination))
        .MaxBy(attack => attack.Start);

    private static string Note(string what, Window window, Finding finding) =>
        $"{window.End:yyyy-MM-dd'T'HH:mm:ss}\t{what}\t{finding.AlertName}\t{finding.Severity}\t{finding.Source}\t{finding.Destination}";
}
