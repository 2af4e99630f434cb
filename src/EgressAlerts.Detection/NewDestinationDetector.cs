using EgressAlerts.Model;

namespace EgressAlerts.Detection;

/// <summary><c>EgressNewDestination</c>: a workload talks to a destination that it has not talked to within the memory.</summary>
/// <remarks>Remembers at most <see cref="MaxKnown"/> pairs of workload and destination, forgetting those unused for longest, and holds at most
/// <see cref="MaxActive"/> findings; further ones are counted and not held.</remarks>
internal sealed class NewDestinationDetector(NewDestinationOptions options, DetectionMetrics metrics) : IDetector
{
    public const string Name = "EgressNewDestination";
    private const int MaxActive = 5_000;
    private const int MaxKnown = 500_000;

    private readonly Dictionary<Workload, Habit> _habits = [];
    private readonly Dictionary<(Workload Source, string Destination), Contact> _active = [];
    private int _known;

    public string AlertName => Name;

    public IEnumerable<Finding> Active => _active.Select(entry => Found(entry.Key.Source, entry.Key.Destination, entry.Value));

    public void Observe(NamedReading named)
    {
        var end = named.Window.End;
        foreach (var habit in _habits.Values) habit.Observed += named.Window.Length;
        // What the mesh refused is not a contact: EgressBlocked speaks of it.
        foreach (var seen in named.Seen.Where(seen => seen.Flow.Route != Route.Blocked)) Note(seen, end);
        foreach (var old in _active.Where(entry => end - entry.Value.First >= options.Hold).Select(entry => entry.Key).ToList()) _active.Remove(old);
        if (_known > MaxKnown || end.Minute == 0) Forget(end - options.Memory);
    }

    public void Save(BinaryWriter to)
    {
        to.WriteAll(_habits, habit =>
        {
            to.Write(habit.Key);
            to.Write(habit.Value.Observed.Ticks);
            to.WriteAll(habit.Value.LastSeen, known =>
            {
                to.Write(known.Key);
                to.Write(known.Value);
            });
        });
        to.WriteAll(_active, entry =>
        {
            to.Write(entry.Key.Source);
            to.Write(entry.Key.Destination);
            to.Write(entry.Value.Flow);
            to.Write(entry.Value.Destination);
            to.Write(entry.Value.First);
            to.Write(entry.Value.Observed.Ticks);
            to.Write(entry.Value.Upload);
            to.Write(entry.Value.Download);
        });
    }

    public void Load(BinaryReader from)
    {
        foreach (var (source, habit) in from.ReadAll(() => (from.ReadWorkload(), ReadHabit(from))))
        {
            _habits[source] = habit;
            _known += habit.LastSeen.Count;
        }

        foreach (var (key, contact) in from.ReadAll(() => (
            (from.ReadWorkload(), from.ReadString()),
            new Contact(from.ReadFlow(), from.ReadDestination(), from.ReadInstant(), new TimeSpan(from.ReadInt64()), from.ReadDouble(), from.ReadDouble()))))
        {
            _active[key] = contact;
        }
    }

    private static Habit ReadHabit(BinaryReader from)
    {
        var habit = new Habit { Observed = new TimeSpan(from.ReadInt64()) };
        foreach (var (name, last) in from.ReadAll(() => (from.ReadString(), from.ReadInstant()))) habit.LastSeen[name] = last;
        return habit;
    }

    private void Note(NamedIncrement seen, DateTimeOffset at)
    {
        var source = seen.Flow.Source;
        if (!_habits.TryGetValue(source, out var habit)) _habits.Add(source, habit = new Habit());
        // Both what it is and what it is called: a name that DNS says a window later, or another address of a known name, is not news.
        // A name that nobody vouches for silences nothing: whoever exfiltrates would call his server like a known one.
        var raw = seen.Flow.To.Key;
        var name = seen.Destination.Confirmed ? seen.Destination.Name : raw;
        var isNew = !habit.LastSeen.ContainsKey(name) && !habit.LastSeen.ContainsKey(raw);
        _known += (habit.LastSeen.TryAdd(name, at) ? 1 : 0) + (habit.LastSeen.TryAdd(raw, at) ? 1 : 0);
        habit.LastSeen[name] = at;
        habit.LastSeen[raw] = at;

        var active = (source, seen.Destination.Name);
        if (_active.TryGetValue(active, out var contact)) _active[active] = contact.Plus(seen.Increment);
        else if (isNew && habit.Observed >= options.Learning) Hold(seen, at, habit);
    }

    private void Hold(NamedIncrement seen, DateTimeOffset at, Habit habit)
    {
        if (_active.Count >= MaxActive)
        {
            metrics.Dropped(Name);
            return;
        }

        _active.Add((seen.Flow.Source, seen.Destination.Name), new Contact(seen.Flow, seen.Destination, at, habit.Observed, 0, 0).Plus(seen.Increment));
    }

    private void Forget(DateTimeOffset before)
    {
        if (_known > MaxKnown)
        {
            var byAge = _habits.Values.SelectMany(habit => habit.LastSeen.Values).Order().ElementAt(_known / 10);
            if (byAge > before) before = byAge;
        }

        foreach (var habit in _habits.Values)
        {
            foreach (var name in habit.LastSeen.Where(known => known.Value < before).Select(known => known.Key).ToList()) habit.LastSeen.Remove(name);
        }

        foreach (var gone in _habits.Where(habit => habit.Value.LastSeen.Count == 0).Select(habit => habit.Key).ToList()) _habits.Remove(gone);
        _known = _habits.Values.Sum(habit => habit.LastSeen.Count);
    }

    private Finding Found(Workload source, string destination, Contact contact) => new(
        Name,
        contact.Destination.Confirmed ? options.ConfirmedSeverity : options.Severity,
        source,
        destination,
        contact.First,
        "A workload talks to a destination that it has not talked to before.",
        $"{source} talked to {Text.Of(contact.Flow, contact.Destination)} by route {contact.Flow.Route.Word()} for the first time in {Text.Length(options.Memory)}, "
        + $"at {Text.Time(contact.First)}: {Text.Bytes(contact.Upload)} sent out, {Text.Bytes(contact.Download)} got back so far. "
        + $"This workload had been watched for {Text.Length(contact.Observed)}. Resolves {Text.Length(options.Hold)} after the first contact; the destination is then known.",
        contact.Destination.Source,
        contact.Destination.Confirmed,
        Text.Evidence(source, destination, null));

    /// <summary>What one workload is known to talk to.</summary>
    private sealed class Habit
    {
        public TimeSpan Observed { get; set; }

        public Dictionary<string, DateTimeOffset> LastSeen { get; } = [];
    }

    private sealed record Contact(Flow Flow, Destination Destination, DateTimeOffset First, TimeSpan Observed, double Upload, double Download)
    {
        public Contact Plus(Increment increment) => increment.Metric switch
        {
            Metric.UploadBytes => this with { Upload = Upload + increment.Amount },
            Metric.DownloadBytes => this with { Download = Download + increment.Amount },
            _ => this,
        };
    }
}
