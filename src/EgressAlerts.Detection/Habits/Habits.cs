using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Detection;

/// <summary>What every workload is known to talk to, since when, and for how long it has been watched. Called by the pass alone.</summary>
/// <remarks>At most <see cref="DetectionOptions.MaxRemembered"/> pairs of workload and destination are remembered, each by name and by what it is. Once they
/// are that many, no further ones are remembered in that window: these stay new. The next window forgets a tenth, those unused for longest.</remarks>
internal sealed class Habits
{
    /// <summary>So many namespaces have to be there, beside the workload's own, before any can speak for all.</summary>
    private const int LeastNamespaces = 2;

    private readonly DetectionOptions _options;
    private readonly DetectionMetrics _metrics;
    private readonly Table<Workload, Habit> _habits;
    private readonly Rows<(Workload Source, string Destination), Contact> _contacts;

    /// <summary>What new workloads of each namespace met: where each build is a workload of its own, it says what is usual for the next.</summary>
    private readonly Table<string, News> _newborn;

    /// <summary>How long all windows together have been.</summary>
    private readonly Cell<TimeSpan> _watched;

    /// <summary>When each namespace first talked to what its workloads know, in seconds since 1970: it tells soon how common a destination is.</summary>
    private readonly Dictionary<string, Dictionary<string, uint>> _namespaces = [];
    private readonly Dictionary<(string Namespace, string Destination, bool IsOld), bool> _common = [];
    private int _known;
    private uint _old;

    public Habits(DetectionOptions options, DetectionMetrics metrics, StoredState state)
    {
        (_options, _metrics) = (options, metrics);
        _habits = state.Table(DetectionTables.ByWorkload("habit", DetectionJson.Default.Habit));
        _newborn = state.Table(Shape.Json("newborn", [Workload.Columns[0]], ns => [ns], values => (string)values[0], DetectionJson.Default.News));
        _watched = state.Cell("watched", DetectionJson.Default.TimeSpan, default);
        (_contacts, var contacts, _) = state.Rows(DetectionTables.ByPair<Contact>(
            "contact", "destination", ["first", "last"], contact => [(long)contact.First, (long)contact.Last], values => new((uint)(long)values[0], (uint)(long)values[1])), TryFind);
        if (_habits.Count > 0 && _habits.Values.Max(habit => habit.Since) is var last && last > _watched.Value) _watched.Value = last; // The cell could not be read.
        foreach (var habit in _habits.Values) habit.Observed = _watched.Value - habit.Since;
        foreach (var ((source, destination), contact) in contacts) GetOrBegin(source).Known.Add(destination, contact);
        _known = contacts.Count;
        IndexNamespaces();
    }

    /// <summary>How many pairs are remembered.</summary>
    public int Count => _known;

    /// <summary>How long something is remembered after it was last seen.</summary>
    public TimeSpan Memory => _options.Memory;

    /// <summary>For how long a workload has been watched; zero where nothing is known of it.</summary>
    public TimeSpan Observed(Workload source) => _habits.TryFind(source, out var habit) ? habit.Observed : default;

    /// <param name="learning">How long it takes until what is not a habit yet is news.</param>
    public Habit Of(Workload source, TimeSpan learning, DateTimeOffset now)
    {
        var habit = GetOrBegin(source);

        // What comes where all has been known for long may be a poisoned image: what it does on its first day is no habit.
        habit.CameLate = habit.Before == default && habit.Since >= 2 * learning;
        habit.IsNewborn = habit.CameLate && habit.Observed < learning;
        if (!habit.IsLearned && (habit.IsNewborn || habit.Observed + habit.Before >= learning))
        {
            habit.LearnedAt = now;
            _habits.Touch(source);
        }

        return habit;
    }

    /// <summary>Before anything of a window is met.</summary>
    public void Begin(Window window)
    {
        _common.Clear();
        _old = Seconds(window.End - _options.Learning);
        _watched.Value += window.Length;
        foreach (var habit in _habits.Values) habit.Observed = _watched.Value - habit.Since;
        if (_known >= _options.MaxRemembered || Contact.Hour(Seconds(window.End)) != Contact.Hour(Seconds(window.Start))) Forget(window.End - _options.Memory);
    }

    /// <summary>A workload talks to a destination: whether that is news is noted on the traffic.</summary>
    public void Meet(Habit habit, Traffic traffic, DateTimeOffset at)
    {
        var (source, now) = (traffic.Flow.Source, Seconds(at));

        // Both what it is and what it is called: a name that DNS says a window later is no news.
        var met = Earlier(First(habit.Known, traffic.Key), First(habit.Known, traffic.KnownAs));

        // A workload that has just come may do what others of its namespace have done before.
        if (met is null && habit.IsNewborn && _namespaces.TryGetValue(source.Namespace, out var others) && others.TryGetValue(traffic.KnownAs, out var theirs)
            && theirs < now) met = theirs;
        traffic.IsNew = met is null;
        var contact = new Contact(met ?? now, Contact.Hour(now));
        if (traffic.KnownAs != traffic.Key) Remember(habit, source, traffic.KnownAs, contact);
        Remember(habit, source, traffic.Key, contact);
        traffic.Met = DateTimeOffset.FromUnixTimeSeconds(contact.First);
    }

    /// <summary>Counts what is news. Called once all of a window is met, because only then it is known what is common.</summary>
    public void CountNews(Habit habit, Traffic traffic, DateTimeOffset at)
    {
        if (!traffic.IsNew || !habit.IsLearned || IsCommon(traffic, isOld: true)) return;
        var (source, hour) = (traffic.Flow.Source, Hours.Of(at));
        habit.News.Add(hour);
        _habits.Touch(source);
        if (!habit.IsNewborn) return;
        if (!_newborn.TryFind(source.Namespace, out var newborn)) _newborn.Put(source.Namespace, newborn = new());
        newborn.Add(hour);
        _newborn.Touch(source.Namespace);
    }

    /// <summary>Whether this workload meets new destinations every day; of a new workload, whether the new ones of its namespace do.</summary>
    public bool IsNewsUsual(Workload source, Habit habit) =>
        habit.IsNewborn ? _newborn.TryFind(source.Namespace, out var newborn) && newborn.IsUsual : habit.News.IsUsual;

    /// <summary>News have become too many, or are no longer.</summary>
    public void Touch(Workload source) => _habits.Touch(source);

    /// <summary>All workloads that are known.</summary>
    public IEnumerable<KeyValuePair<Workload, Habit>> All => _habits;

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
            if (name != traffic.Flow.Source.Namespace && known.TryGetValue(traffic.KnownAs, out var first) && (!isOld || first <= _old)) users++;
        }

        return common = users >= LeastNamespaces && users * 2 >= others;
    }

    /// <summary>What is known from before the first window.</summary>
    /// <param name="before">For how long the workload had been there.</param>
    public void Learn(Workload source, string destination, DateTimeOffset last, TimeSpan before)
    {
        var habit = GetOrBegin(source);
        if (before > habit.Before)
        {
            habit.Before = before;
            _habits.Touch(source);
        }

        if (!habit.Known.ContainsKey(destination)) Remember(habit, source, destination, new Contact(Seconds(last), Contact.Hour(Seconds(last))));
    }

    private static uint? First(Dictionary<string, Contact> known, string destination) => known.TryGetValue(destination, out var contact) ? contact.First : null;

    private static uint? Earlier(uint? one, uint? other) => one is { } first && other is { } second ? Math.Min(first, second) : one ?? other;

    private static uint Seconds(DateTimeOffset at) => (uint)at.ToUnixTimeSeconds();

    private bool TryFind((Workload Source, string Destination) key, out Contact contact)
    {
        contact = default;
        return _habits.TryFind(key.Source, out var habit) && habit.Known.TryGetValue(key.Destination, out contact);
    }

    private Habit GetOrBegin(Workload source)
    {
        if (!_habits.TryFind(source, out var habit)) _habits.Put(source, habit = new Habit { Since = _watched.Value });
        return habit;
    }

    private void Remember(Habit habit, Workload source, string destination, Contact contact)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(habit.Known, destination);
        if (!Unsafe.IsNullRef(ref known))
        {
            if (known == contact) return;
            known = contact;
        }
        else if (_known >= _options.MaxRemembered)
        {
            _metrics.Forgotten(1);
            return;
        }
        else
        {
            habit.Known.Add(destination, contact);
            _known++;
        }

        _contacts.Touch((source, destination));
        RememberIn(source.Namespace, destination, contact.First);
    }

    private void RememberIn(string ns, string destination, uint first)
    {
        if (!_namespaces.TryGetValue(ns, out var all)) _namespaces.Add(ns, all = []);
        ref var earliest = ref CollectionsMarshal.GetValueRefOrAddDefault(all, destination, out var isKnown);
        if (!isKnown || first < earliest) earliest = first;
    }

    private void IndexNamespaces()
    {
        _namespaces.Clear();
        foreach (var (source, habit) in _habits)
        {
            foreach (var (destination, contact) in habit.Known) RememberIn(source.Namespace, destination, contact.First);
        }
    }

    private void Forget(DateTimeOffset before)
    {
        // An hour later than the memory says at most, because the last contact is known by its hour.
        var (limit, known, surplus) = (new Contact(0, Contact.Hour(Seconds(before)) - 1).Rank, _known, _known - (_options.MaxRemembered - (_options.MaxRemembered / 10)));
        var isFull = known >= _options.MaxRemembered;
        if (isFull) limit = Math.Max(limit, _habits.Values.SelectMany(habit => habit.Known.Values).Select(contact => contact.Rank).Order().ElementAt(surplus - 1));
        foreach (var (source, habit) in _habits)
        {
            foreach (var (destination, contact) in habit.Known)
            {
                if (contact.Rank > limit) continue;
                habit.Known.Remove(destination);
                _contacts.Touch((source, destination));
                _known--;
            }

            if (habit.Known.Count == 0) _habits.Remove(source);
        }

        if (_known < known) IndexNamespaces();
        if (isFull) _metrics.Forgotten(known - _known);
    }
}

/// <summary>What one workload is known to do.</summary>
internal sealed class Habit
{
    /// <summary>How long all windows together had been when it was first seen.</summary>
    public TimeSpan Since { get; init; }

    /// <summary>For how long it has been watched; time in which nobody watched does not count.</summary>
    [JsonIgnore]
    public TimeSpan Observed { get; set; }

    /// <summary>For how long it had been there before that, as Prometheus knew: enough to know whom it talks to, but not how much.</summary>
    public TimeSpan Before { get; set; }

    /// <summary>Since when its habits are known well enough to speak of what is not one of them; the default value before.</summary>
    public DateTimeOffset LearnedAt { get; set; }

    public bool IsLearned => LearnedAt != default;

    /// <summary>Whether it came when all others had been known for long.</summary>
    [JsonIgnore]
    public bool CameLate { get; set; }

    /// <summary>Whether it came late, and has not been watched for as long as learning takes.</summary>
    [JsonIgnore]
    public bool IsNewborn { get; set; }

    /// <summary>How much it met that it had never talked to.</summary>
    public News News { get; init; } = new();

    [JsonIgnore]
    public Dictionary<string, Contact> Known { get; } = [];

    /// <summary>Whether it began to talk to something only after it had been learned.</summary>
    public bool IsLater(DateTimeOffset met) => IsLearned && met >= LearnedAt;
}

/// <summary>When a workload talked to a destination, in seconds since 1970.</summary>
/// <param name="Last">The beginning of the hour: what is forgotten after days need not be known to the second, and is written once an hour.</param>
internal readonly record struct Contact(uint First, uint Last)
{
    /// <summary>What has the least rank is forgotten first: what was used longest ago, and of what was used at the same time what was met last.
    /// So a flood goes before the habits that were seen in the same hour.</summary>
    public ulong Rank => ((ulong)Last << 32) | (uint.MaxValue - First);

    public static uint Hour(uint seconds) => seconds - (seconds % 3_600);
}
