using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary>What every workload is known to talk to, since when, and for how long it has been watched. Called by the pass alone.</summary>
/// <remarks>At most <see cref="DetectionOptions.MaxRemembered"/> pairs of workload and destination are remembered, each by name and by what it is. Once they
/// are that many, no further ones are remembered in that window: these stay new. The next window forgets a tenth, those unused for longest.</remarks>
internal sealed class Habits(DetectionOptions options, DetectionMetrics metrics)
{
    private const uint SecondsAnHour = 3_600;

    /// <summary>So many namespaces have to be there, beside the workload's own, before any can speak for all.</summary>
    private const int LeastNamespaces = 2;

    private readonly Dictionary<Workload, Habit> _habits = [];

    /// <summary>The same by namespace, to tell soon how common a destination is.</summary>
    private readonly Dictionary<string, Dictionary<string, Contact>> _namespaces = [];
    private readonly Dictionary<(string Namespace, string Destination, bool IsOld), bool> _common = [];
    private int _known;
    private uint _old;

    /// <summary>How many pairs are remembered.</summary>
    public int Count => _known;

    /// <param name="learning">How long it takes until what is not a habit yet is news.</param>
    public Habit Of(Workload source, TimeSpan learning, DateTimeOffset now)
    {
        if (!_habits.TryGetValue(source, out var habit)) _habits.Add(source, habit = new Habit());
        if (!habit.IsLearned && habit.Observed + habit.Before >= learning) habit.LearnedAt = now;
        return habit;
    }

    /// <summary>Before anything of a window is met.</summary>
    public void Begin(Window window)
    {
        _common.Clear();
        _old = Seconds(window.End - options.Learning);
        foreach (var habit in _habits.Values) habit.Observed += window.Length;
        if (_known >= options.MaxRemembered || (window.End.Minute == 0 && window.End.Second < window.Length.TotalSeconds)) Forget(window.End - options.Memory);
    }

    /// <summary>A workload talks to a destination: whether that is news is noted on the traffic.</summary>
    public void Meet(Habit habit, Traffic traffic, DateTimeOffset at)
    {
        var ns = traffic.Flow.Source.Namespace;
        var now = Seconds(at);
        var byKey = habit.Known.TryGetValue(traffic.Key, out var first);
        var met = byKey ? first.First : now;
        if (traffic.KnownAs != traffic.Key)
        {
            // Both what it is and what it is called: a name that DNS says a window later is no news.
            var byName = habit.Known.TryGetValue(traffic.KnownAs, out var named);
            if (byName) met = Math.Min(met, named.First);
            traffic.IsNew = !byKey && !byName;
            Remember(habit, ns, traffic.KnownAs, new Contact(met, now));
        }
        else
        {
            traffic.IsNew = !byKey;
        }

        Remember(habit, ns, traffic.Key, new Contact(met, now));
        traffic.Met = DateTimeOffset.FromUnixTimeSeconds(met);
    }

    /// <summary>Whether half of the other namespaces talk to it too. Only what is vouched for can be common, or an address: anybody can claim a name that many use.</summary>
    /// <param name="isOld">Whether they must have for as long as learning takes: what many use is not one workload's news, but what comes to all at once is.</param>
    public bool IsCommon(Traffic traffic, bool isOld)
    {
        if (!traffic.Destination.Confirmed && traffic.Flow.To.Address is null) return false;
        ref var common = ref CollectionsMarshal.GetValueRefOrAddDefault(_common, (traffic.Flow.Source.Namespace, traffic.KnownAs, isOld), out var isKnown);
        if (isKnown) return common;
        var (others, users) = (_namespaces.Count - (_namespaces.ContainsKey(traffic.Flow.Source.Namespace) ? 1 : 0), 0);
        foreach (var (name, known) in _namespaces)
        {
            if (name != traffic.Flow.Source.Namespace && known.TryGetValue(traffic.KnownAs, out var contact) && (!isOld || contact.First <= _old)) users++;
        }

        return common = users >= LeastNamespaces && users * 2 >= others;
    }

    /// <summary>What is known from before the first window.</summary>
    /// <param name="before">For how long the workload had been there.</param>
    public void Learn(Workload source, string destination, DateTimeOffset last, TimeSpan before)
    {
        if (!_habits.TryGetValue(source, out var habit)) _habits.Add(source, habit = new Habit());
        if (before > habit.Before) habit.Before = before;
        if (!habit.Known.ContainsKey(destination)) Remember(habit, source.Namespace, destination, new Contact(Seconds(last), Seconds(last)));
    }

    public void Save(BinaryWriter to) => to.WriteAll(_habits, habit =>
    {
        to.Write(habit.Key);
        to.Write(habit.Value.Observed.Ticks);
        to.Write(habit.Value.Before.Ticks);
        to.Write(habit.Value.LearnedAt);
        to.WriteAll(habit.Value.Known, known =>
        {
            to.Write(known.Key);
            to.Write(known.Value.First);
            to.Write(known.Value.Last);
        });
    });

    public void Load(BinaryReader from)
    {
        foreach (var (source, habit) in from.ReadAll(() => (from.ReadWorkload(), ReadHabit(from))))
        {
            _habits[source] = habit;
            _known += habit.Known.Count;
            foreach (var (destination, contact) in habit.Known) RememberIn(source.Namespace, destination, contact);
        }
    }

    private static Habit ReadHabit(BinaryReader from)
    {
        var habit = new Habit { Observed = new TimeSpan(from.ReadInt64()), Before = new TimeSpan(from.ReadInt64()), LearnedAt = from.ReadInstant() };
        foreach (var (name, first, last) in from.ReadAll(() => (from.ReadString(), from.ReadUInt32(), from.ReadUInt32()))) habit.Known[name] = new Contact(first, last);
        return habit;
    }

    private static uint Seconds(DateTimeOffset at) => (uint)at.ToUnixTimeSeconds();

    private void Remember(Habit habit, string ns, string destination, Contact contact)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(habit.Known, destination);
        if (!Unsafe.IsNullRef(ref known))
        {
            // What is forgotten after days need not be known to the second.
            if (contact.Last / SecondsAnHour != known.Last / SecondsAnHour) RememberIn(ns, destination, contact);
            known = contact;
        }
        else if (_known >= options.MaxRemembered)
        {
            metrics.Forgotten(1);
        }
        else
        {
            habit.Known.Add(destination, contact);
            RememberIn(ns, destination, contact);
            _known++;
        }
    }

    private void RememberIn(string ns, string destination, Contact contact)
    {
        if (!_namespaces.TryGetValue(ns, out var all)) _namespaces.Add(ns, all = []);
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(all, destination, out var isKnown);
        known = isKnown ? new(Math.Min(known.First, contact.First), Math.Max(known.Last, contact.Last)) : contact;
    }

    private static int Forget(Dictionary<string, Contact> known, ulong limit)
    {
        foreach (var (name, contact) in known)
        {
            if (contact.Rank <= limit) known.Remove(name);
        }

        return known.Count;
    }

    private void Forget(DateTimeOffset before)
    {
        var (limit, known, surplus) = (new Contact(0, Seconds(before) - 1).Rank, _known, _known - (options.MaxRemembered - (options.MaxRemembered / 10)));
        var isFull = known >= options.MaxRemembered;
        var ranks = _habits.Values.SelectMany(habit => habit.Known.Values).Select(contact => contact.Rank);
        if (isFull) limit = Math.Max(limit, ranks.Order().ElementAt(surplus - 1));
        foreach (var (source, habit) in _habits.ToList())
        {
            if (Forget(habit.Known, limit) == 0) _habits.Remove(source);
        }

        foreach (var (ns, contacts) in _namespaces.ToList())
        {
            if (Forget(contacts, limit) == 0) _namespaces.Remove(ns);
        }

        _known = _habits.Values.Sum(habit => habit.Known.Count);
        if (isFull) metrics.Forgotten(known - _known);
    }
}

/// <summary>What one workload is known to do.</summary>
internal sealed class Habit
{
    /// <summary>For how long it has been watched; time in which nobody watched does not count.</summary>
    public TimeSpan Observed { get; set; }

    /// <summary>For how long it had been there before that, as Prometheus knew: enough to know whom it talks to, but not how much.</summary>
    public TimeSpan Before { get; set; }

    /// <summary>Since when its habits are known well enough to speak of what is not one of them; the default value before.</summary>
    public DateTimeOffset LearnedAt { get; set; }

    public bool IsLearned => LearnedAt != default;

    public Dictionary<string, Contact> Known { get; } = [];

    /// <summary>Whether it began to talk to something only after it had been learned.</summary>
    public bool IsLater(DateTimeOffset met) => IsLearned && met >= LearnedAt;
}

/// <summary>When a workload talked to a destination, in seconds since the epoch.</summary>
internal readonly record struct Contact(uint First, uint Last)
{
    /// <summary>What has the least rank is forgotten first: what was used longest ago, and of what was used at the same time what was met last.
    /// So a flood of one window goes before the habits that were seen in that window too.</summary>
    public ulong Rank => ((ulong)Last << 32) | (uint.MaxValue - First);
}
