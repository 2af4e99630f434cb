using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Attacks;

/// <summary>An attack that is planted in a play: who, from when to when. It remembers under which names it was to be seen.</summary>
internal sealed class Attack
{
    private readonly Streams _streams;
    private readonly HashSet<Workload> _sources = [];
    private readonly HashSet<Target> _targets = [];
    private readonly HashSet<string> _destinations = [];

    public Attack(AttackKind kind, int copy, IReadOnlyList<Service> services, long start, Mesh mesh, Tally tally, Streams streams)
    {
        (Kind, Services, Start, Mesh, _streams) = (kind, services, start, mesh, streams);
        Dice = mesh.Dice($"{kind.Name} {copy}");
        Voice = new(tally, 1, Note);
        kind.Begin(this);
    }

    public AttackKind Kind { get; }

    public IReadOnlyList<Service> Services { get; }

    public Service Service => Services[0];

    public long Start { get; }

    public long End => Start + (long)(Kind.Hours * Time.Hour);

    public Mesh Mesh { get; }

    public Dice Dice { get; }

    public Voice Voice { get; }

    public bool HasSource(Workload source) =>
        _sources.Contains(source) || (source.Name.Length == 0 && (source.Namespace.Length == 0 || _sources.Any(own => own.Namespace == source.Namespace)));

    /// <summary>Whether anything of it was to be seen.</summary>
    public bool HasStarted => _sources.Count > 0;

    public bool HasDestination(string destination) => destination.Length == 0 || _destinations.Contains(destination);

    /// <summary>Traffic of the attack, until it ends; see <see cref="Streams.Add"/>.</summary>
    public void Add(Func<long, long> play) => Add(Service, Start, play);

    public void Add(Service service, long first, Func<long, long> play) => _streams.Add(Kind.Name, service, first, at => at >= End ? long.MaxValue : play(at));

    /// <summary>A rented server without a name.</summary>
    public Target Nameless() => Nameless(Dice.Pick(Provider.Hosters.Take(3).ToList()));

    public Target Nameless(Provider by) => Mesh.Internet.Nameless(by.Address(Dice), by);

    /// <summary>A rented server whose name is in order: whoever buys a domain can make DNS confirm it.</summary>
    public Target Named() => Mesh.Internet.Tls($"cdn.update-{(int)(Dice.Unit() * 0xffffff):x6}.net", Provider.Ocean.Address(Dice), Provider.Ocean);

    public Target Server() => Dice.Chance(0.5) ? Nameless() : Named();

    private void Note(Workload source, Target target)
    {
        _sources.Add(source);
        if (_targets.Add(target)) _destinations.UnionWith(target.Names);
    }
}
