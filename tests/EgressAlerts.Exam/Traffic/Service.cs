using System.Globalization;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Software that runs in the mesh. Its workload's name may change with a deployment.</summary>
internal sealed class Service(int number, string ns, string name, Zone zone, Dice dice)
{
    private static readonly Rhythm[] Rhythms = Enum.GetValues<Rhythm>();

    private readonly Dictionary<Target, Contact>[] _contacts = [[], []];
    private double _noise;
    private double _drift;
    private int _deployment;

    public int Number => number;

    public Zone Zone => zone;

    public Dice Dice => dice;

    public Workload Source { get; private set; } = new(ns, name);

    /// <summary>Heavy tailed: how much more or less than others it does.</summary>
    public double Size { get; } = dice.LogNormal(1, 0.7);

    public Rhythm Rhythm { get; } = Rhythms[dice.Below(Rhythms.Length)];

    public long Born { get; set; } = long.MinValue;

    public long Died { get; set; } = long.MaxValue;

    /// <summary>Instants at which its workload gets another name.</summary>
    public List<long> Renames { get; } = [];

    /// <summary>What it uses every day, by the kind of traffic.</summary>
    public Dictionary<string, Target> Uses { get; } = [];

    /// <summary>How busy it is, around 1 by day; moves every five minutes.</summary>
    public double Level { get; private set; }

    /// <summary>Its day and week, with autocorrelated noise of some hours and a drift of some days.</summary>
    public void Move(long at)
    {
        // AR(1) with steps of five minutes: 0.96 forgets within two hours, 0.9993 within five days.
        _noise = (0.96 * _noise) + (0.28 * 0.35 * dice.Normal());
        _drift = (0.9993 * _drift) + (0.0374 * 0.3 * dice.Normal());
        Level = Shape(at) * Math.Exp(_noise + _drift);
    }

    /// <summary>A deployment under another name, as blue/green deployments have.</summary>
    public void Rename()
    {
        _deployment++;
        Source = Source with { Name = string.Create(CultureInfo.InvariantCulture, $"{name}-v{_deployment + 40}") };
        foreach (var contacts in _contacts) contacts.Clear();
    }

    public Contact Contact(Target target, int tally)
    {
        var contacts = _contacts[tally];
        if (!contacts.TryGetValue(target, out var contact)) contacts.Add(target, contact = new Contact(Source, target));
        // Whoever meets ever new hosts would fill the memory.
        if (contacts.Count > 20_000) contacts.Clear();
        return contact;
    }

    private double Shape(long at)
    {
        var (hour, isRest) = (zone.Hour(at), zone.IsRest(at));
        return Rhythm switch
        {
            Rhythm.Office => (isRest ? 0.15 : 1) * (0.05 + Bell(hour, 13, 4)),
            Rhythm.Shop => (isRest ? 1.2 : 0.9) * (0.15 + Bell(hour, 20, 5)),
            Rhythm.Night => 0.2 + Bell(hour, 3, 3),
            _ => 0.8,
        };
    }

    /// <summary>1 at the middle, and a bell around it; midnight is no border.</summary>
    private static double Bell(double hour, double middle, double width)
    {
        var away = Math.Abs(hour - middle);
        away = Math.Min(away, 24 - away) / width;
        return Math.Exp(-away * away / 2 * 1.5);
    }
}

/// <summary>When a service is busy.</summary>
internal enum Rhythm
{
    Office,
    Shop,
    Night,
    Steady,
}
