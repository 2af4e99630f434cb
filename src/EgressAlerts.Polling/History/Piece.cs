namespace EgressAlerts.Polling;

/// <summary>A piece of history in memory: the raw samples of Istio's counters and of <c>up</c> that its windows need.</summary>
/// <remarks>A history moves it forward, and pollers read their windows from it. One thread at a time.</remarks>
public sealed class Piece
{
    internal const string Up = "up";

    private const long Hour = 3_600_000;
    private const int MaxNotes = 10;

    /// <summary>All metrics that are read.</summary>
    internal static readonly IReadOnlyList<string> Metrics = [.. RawMetric.All.Select(raw => raw.Name), Up];

    private readonly Dictionary<string, IReadOnlyList<RecordedSeries>> _series = Metrics.ToDictionary(name => name, _ => (IReadOnlyList<RecordedSeries>)[]);
    private readonly HashSet<long> _hours = [];
    private readonly List<string> _notes = [];

    /// <summary>The piece has the windows that end after this instant, up to <see cref="End"/>.</summary>
    public DateTimeOffset Start { get; private set; }

    public DateTimeOffset End { get; private set; }

    /// <summary>How many samples of windows there have been in all pieces so far.</summary>
    public long SamplesRead { get; internal set; }

    /// <summary>How many different series of Istio's counters there have been in all pieces so far.</summary>
    public int SeriesRead { get; internal set; }

    /// <summary>The notes that the server has sent beside its data, at most ten.</summary>
    public IReadOnlyCollection<string> Notes => _notes;

    /// <summary>The number of the piece. Each piece has the next one.</summary>
    internal int Number { get; private set; }

    /// <summary>Whether any sample lies in the hour that begins at this instant.</summary>
    public bool HasSamplesIn(DateTimeOffset hour) => _hours.Contains(hour.ToUnixTimeMilliseconds() / Hour);

    /// <summary>The series of a metric that have samples.</summary>
    internal IReadOnlyList<RecordedSeries> SeriesOf(string metric) => _series[metric];

    internal void Set(string metric, IReadOnlyList<RecordedSeries> series) => _series[metric] = series;

    internal void Move(DateTimeOffset start, DateTimeOffset end) => (Start, End, Number) = (start, end, Number + 1);

    internal void Says(IEnumerable<string> notes) => _notes.AddRange([.. notes.Except(_notes).Take(MaxNotes - _notes.Count)]);

    internal void Has(long milliseconds) => _hours.Add(milliseconds / Hour);
}
