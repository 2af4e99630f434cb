using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EgressAlerts.Detection;

/// <summary>The destinations of each workload, since when, and how long it has been watched. Called by the pass alone.</summary>
/// <remarks>Remembers at most <see cref="DetectionOptions.MaxRemembered"/> pairs of workload and destination, each by its confirmed name and by its address.
/// Beyond that, destinations stay new. The next window forgets the tenth that was unused for longest.</remarks>
internal sealed class Habits
{
    /// <summary>The least number of other namespaces that must talk to a destination before it is common.</summary>
    private const int LeastNamespaces = 2;

    private readonly DetectionOptions _options;
    private readonly DetectionMetrics _metrics;
    private readonly Table<Workload, Habit> _habits;
    private readonly Rows<(Workload Source, string Destination), Contact> _contacts;

    /// <summary>What newborn workloads of each namespace of a cluster met. Where each build is a workload of its own, it tells what is usual for the next.
    /// </summary>
    private readonly Table<(string Cluster, string Namespace), NewDestinationCount> _newborn;

    /// <summary>The length of all windows together.</summary>
    private readonly Cell<TimeSpan> _watched;

    /// <summary>When each namespace of each cluster first talked to each remembered destination, in seconds since 1970. An index for
    /// <see cref="IsCommon"/>.</summary>
    private readonly Dictionary<(string Cluster, string Namespace), Dictionary<string, uint>> _namespaces = [];
    private readonly Dictionary<((string Cluster, string Namespace) Of, string Destination, bool IsOld), bool> _common = [];
    private bool _isIndexStale;
    private int _known;
    private uint _old;

    public Habits(DetectionOptions options, DetectionMetrics metrics, StoredState state)
    {
        (_options, _metrics) = (options, metrics);
        _habits = state.Table(DetectionTables.ByWorkload("habit", DetectionJson.Default.Habit));
        _newborn = state.Table(Shape.Json<(string Cluster, string Namespace), NewDestinationCount>(
            "newborn", [.. Workload.Columns.Take(2)], of => [of.Cluster, of.Namespace], values => ((string)values[0], (string)values[1]),
            DetectionJson.Default.NewDestinationCount));
        _watched = state.Cell("watched", DetectionJson.Default.TimeSpan, default);
        (_contacts, var contacts, _) = state.Rows(DetectionTables.ByPair<Contact>(
            "contact", "destination", ["first", "last"],
            contact => [contact.StoredFirst, (long)contact.Last], values => Contact.Of((long)values[0], (long)values[1])), TryFind);
        // The cell may have been unreadable.
        if (_habits.Count > 0 && _habits.Values.Max(habit => habit.Since) is var last && last > _watched.Value) _watched.Value = last;
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

    /// <summary>How far learning has come.</summary>
    public LearningReport Report() => new(_watched.Value, _options.Learning, _habits.Values.Count(habit => habit.IsLearned), _habits.Count);

    /// <param name="learning">How long a workload must have been watched before anything is new for it.</param>
    public Habit GetOrBegin(Workload source, TimeSpan learning, DateTimeOffset now)
    {
        var habit = GetOrBegin(source);
        // A workload that comes late may be a poisoned image: what it does on its first day is no habit.
        habit.CameLate = habit.Before == default && habit.Since >= 2 * learning;
        habit.IsNewborn = habit.CameLate && habit.Observed < learning;
        if (!habit.IsLearned && (habit.IsNewborn || habit.Observed + habit.Before >= learning))
        {
            habit.LearnedAt = now;
            _habits.Touch(source);
        }

        return habit;
    }

    /// <summary>Called before any contact of a window is noted.</summary>
    public void BeginWindow(Window window)
    {
        _common.Clear();
        _old = Seconds(window.End - _options.Learning);
        _watched.Value += window.Length;
        foreach (var habit in _habits.Values) habit.Observed = _watched.Value - habit.Since;
        var isNewHour = Contact.Hour(Seconds(window.End)) != Contact.Hour(Seconds(window.Start));
        if (_isIndexStale) IndexNamespaces();
        if (isNewHour || _known >= _options.MaxRemembered) Forget(window.End - _options.Memory);
    }

    /// <summary>Remembers a contact whose name is final. Sets <see cref="FlowActivity.IsNew"/> and <see cref="FlowActivity.FirstContact"/>.</summary>
    /// <remarks>What a policy allows is remembered as unlearned where it is met for the first time. So it is news when the policy is gone. A policy that
    /// ends also takes back what began after learning: its alert comes back with the next contact.</remarks>
    public void NoteContact(Habit habit, FlowActivity activity, DateTimeOffset at)
    {
        var (source, now) = (activity.Flow.Source, Seconds(at));
        var known = Find(habit, activity);
        var first = known is { } contact && (activity.IsAllowed || !contact.IsUnlearned) ? contact.First : (uint?)null;
        // A workload that has just come may do what others of its namespace did before.
        if (first is null && !activity.IsAllowed && habit.IsNewborn && _namespaces.TryGetValue(NamespaceOf(source), out var others)
            && others.TryGetValue(activity.KnownAs, out var theirs) && theirs < now) first = theirs;
        activity.IsNew = first is null;
        activity.FirstContact = DateTimeOffset.FromUnixTimeSeconds(first ?? now);
        var isUnlearned = activity.IsAllowed
            && (known is not { IsUnlearned: false } || (activity.Policy is { Until: not null } && habit.IsAfterLearning(activity.FirstContact)));
        var noted = new Contact(first ?? now, Contact.Hour(now), isUnlearned);
        if (activity.KnownAs != activity.Key) Remember(habit, source, activity.KnownAs, noted);
        Remember(habit, source, activity.Key, noted);
    }

    /// <summary>Sets <see cref="FlowActivity.FirstContact"/> of a contact whose name is not final yet. It is noted when its name is.</summary>
    public static void Preview(Habit habit, FlowActivity activity, DateTimeOffset at) => activity.FirstContact =
        Find(habit, activity) is { IsUnlearned: false } contact ? DateTimeOffset.FromUnixTimeSeconds(contact.First) : at;

    /// <summary>A policy allows a contact that was reported as new. Without the policy it would be new again.</summary>
    public void Unlearn(Workload source, params IEnumerable<string> destinations)
    {
        if (!_habits.TryFind(source, out var habit)) return;
        foreach (var destination in destinations)
        {
            if (habit.Known.TryGetValue(destination, out var contact)) Remember(habit, source, destination, contact with { IsUnlearned = true });
        }
    }

    /// <summary>Counts a destination that is new and not common. Called once all contacts of a window are noted.</summary>
    public void CountNewDestination(Habit habit, FlowActivity activity, DateTimeOffset at)
    {
        if (!activity.IsNew || !habit.IsLearned || IsCommon(activity, isOld: true)) return;
        var (source, hour) = (activity.Flow.Source, Hours.Of(at));
        habit.NewDestinations.Add(hour);
        _habits.Touch(source);
        if (!habit.IsNewborn) return;
        var ns = NamespaceOf(source);
        if (!_newborn.TryFind(ns, out var newborn)) _newborn.Put(ns, newborn = new());
        newborn.Add(hour);
        _newborn.Touch(ns);
    }

    /// <summary>Whether a workload meets new destinations every day. Of a newborn one, whether the newborn workloads of its namespace do.</summary>
    public bool MeetsNewDestinationsDaily(Workload source, Habit habit) =>
        habit.IsNewborn ? _newborn.TryFind(NamespaceOf(source), out var newborn) && newborn.IsDaily : habit.NewDestinations.IsDaily;

    /// <summary>A workload's <see cref="Habit.NewDestinations"/> have changed.</summary>
    public void Touch(Workload source) => _habits.Touch(source);

    public IEnumerable<KeyValuePair<Workload, Habit>> All => _habits;

    /// <summary>Whether at least half of the other namespaces, and no fewer than two, talk to the destination too.</summary>
    /// <remarks>A namespace of another cluster is another one, also where it has the same name. An unconfirmed name without an address is never common,
    /// because anybody can claim a name that many use.</remarks>
    /// <param name="isOld">Whether they must have done so for <c>detection.learning</c>. Then a destination that comes to all at once is not
    /// common.</param>
    public bool IsCommon(FlowActivity activity, bool isOld)
    {
        if (!activity.Destination.Confirmed && activity.Flow.To.Address is null) return false;
        var own = NamespaceOf(activity.Flow.Source);
        ref var common = ref CollectionsMarshal.GetValueRefOrAddDefault(_common, (own, activity.KnownAs, isOld), out var isKnown);
        if (isKnown) return common;
        var (others, users) = (_namespaces.Count - (_namespaces.ContainsKey(own) ? 1 : 0), 0);
        foreach (var (name, known) in _namespaces)
        {
            if (name != own && known.TryGetValue(activity.KnownAs, out var first) && (!isOld || first <= _old)) users++;
        }

        return common = users >= LeastNamespaces && users * 2 >= others;
    }

    /// <summary>Remembers what Prometheus knows from before the first window.</summary>
    /// <param name="last">When the workload last talked to the destination.</param>
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

    /// <summary>What is known of a contact under its address and its name. An address whose name DNS says a window later is not new.</summary>
    private static Contact? Find(Habit habit, FlowActivity activity)
    {
        var isAddressKnown = habit.Known.TryGetValue(activity.Key, out var address);
        if (!habit.Known.TryGetValue(activity.KnownAs, out var name)) return isAddressKnown ? address : null;
        if (!isAddressKnown) return name;
        // What was learned under one of them is learned.
        return address.IsUnlearned == name.IsUnlearned ? (address.First < name.First ? address : name) : address.IsUnlearned ? name : address;
    }

    private static (string Cluster, string Namespace) NamespaceOf(Workload source) => (source.Cluster, source.Namespace);

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
            _isIndexStale |= contact.IsUnlearned && !known.IsUnlearned;
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
        if (!contact.IsUnlearned) RememberIn(NamespaceOf(source), destination, contact.First);
    }

    private void RememberIn((string Cluster, string Namespace) ns, string destination, uint first)
    {
        if (!_namespaces.TryGetValue(ns, out var all)) _namespaces.Add(ns, all = []);
        ref var earliest = ref CollectionsMarshal.GetValueRefOrAddDefault(all, destination, out var isKnown);
        if (!isKnown || first < earliest) earliest = first;
    }

    private void IndexNamespaces()
    {
        _isIndexStale = false;
        _namespaces.Clear();
        foreach (var (source, habit) in _habits)
        {
            foreach (var (destination, contact) in habit.Known.Where(known => !known.Value.IsUnlearned))
                RememberIn(NamespaceOf(source), destination, contact.First);
        }
    }

    private void Forget(DateTimeOffset before)
    {
        // At most an hour late, because the last contact is known by its hour.
        var (limit, known) = (new Contact(0, Contact.Hour(Seconds(before)) - 1).Rank, _known);
        var (isFull, surplus) = (known >= _options.MaxRemembered, known - (_options.MaxRemembered - (_options.MaxRemembered / 10)));
        if (isFull)
        {
            var ranks = _habits.Values.SelectMany(habit => habit.Known.Values).Select(contact => contact.Rank);
            limit = Math.Max(limit, ranks.Order().ElementAt(surplus - 1));
        }

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
