using System.Globalization;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Ordinary;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>The workloads of a company and all they do outside, window by window, with attacks beside it. The same options play the same.</summary>
internal sealed class Mesh
{
    private const int Teams = 10;

    private readonly Tally _ordinary = new();
    private readonly Tally _attacked = new();
    private readonly Streams _streams = new();
    private readonly Streams _attackStreams = new();
    private readonly List<Service> _services = [];
    private long _at;

    public Mesh(MeshOptions options)
    {
        (Options, Internet, _at) = (options, new(options.KnowsNetworks), options.Start);
        Voice = new(_ordinary, 0);
        Saas = new(this);
        for (var i = 0; i < options.Workloads; i++) Hire(Team(i), string.Create(CultureInfo.InvariantCulture, $"app-{i}"), "service");
        Traffics.AddTo(this);
        Attacks = options.HasAttacks ? Plan.Of(this, _attacked, _attackStreams) : [];
    }

    public MeshOptions Options { get; }

    public Internet Internet { get; }

    /// <summary>Speaks for ordinary traffic.</summary>
    public Voice Voice { get; }

    /// <summary>What many workloads use.</summary>
    public Popular Saas { get; }

    public IReadOnlyList<Service> Services => _services;

    public IReadOnlyList<Attack> Attacks { get; }

    /// <summary>How often each kind of ordinary traffic was played.</summary>
    public IReadOnlyDictionary<string, long> Played => _streams.Played;

    /// <summary>The end of the window that was played last.</summary>
    public long At => _at;

    public bool IsOver => _at >= Time.End;

    /// <summary>The namespace of a workload. One in fifty belongs to the platform, and one in ten handles payments.</summary>
    public static string Team(int number) =>
        number % 50 == 30 ? "platform" : number % Teams == 0 ? "payments" : string.Create(CultureInfo.InvariantCulture, $"team-{number % Teams}");

    public Dice Dice(string purpose) => Traffic.Dice.For(Options.Seed, purpose);

    /// <summary>Services of one role: of each fifty those whose number is among these.</summary>
    public IEnumerable<Service> Role(params int[] numbers) => _services.Where(service => service.Number >= 0 && numbers.Contains(service.Number % 50)).ToList();

    /// <summary>A service more, with its rhythm.</summary>
    public Service Hire(string ns, string name, string kind)
    {
        var number = kind == "service" ? _services.Count : -1;
        var service = new Service(number, ns, name, Zone.All[Math.Abs(name.Sum(letter => letter)) % Zone.All.Count], Dice($"{ns}/{name}"));
        _services.Add(service);
        _streams.Add("rhythm", service, Options.Start, at =>
        {
            service.Move(at);
            return at + (5 * Time.Minute);
        });
        return service;
    }

    /// <summary>Ordinary traffic; see <see cref="Streams.Add"/>.</summary>
    public void Add(string kind, Service service, long first, Func<long, long> play) => _streams.Add(kind, service, Math.Max(first, _at), play);

    /// <summary>The next window: what is ordinary in it, and what attacks add to it.</summary>
    public (Window Window, List<NamedIncrement> Ordinary, List<NamedIncrement> Attacks) Next()
    {
        var (start, end) = (_at, _at + Options.Window);
        while (_at < end)
        {
            _at += Time.Step;
            _ordinary.Begin(_at);
            _streams.Until(_at);
            _attacked.Begin(_at);
            _attackStreams.Until(_at);
        }

        return (new(DateTimeOffset.FromUnixTimeSeconds(start), DateTimeOffset.FromUnixTimeSeconds(end)), _ordinary.Take(), _attacked.Take());
    }
}
