namespace EgressAlerts.Polling;

/// <summary>What an answer says about itself, beside its series.</summary>
internal sealed class QueryAnswer
{
    private const int MostOfAKind = 100;

    private readonly HashSet<(string Text, NoteKind Kind)> _known = [];
    private readonly int[] _counts = new int[Enum.GetValues<NoteKind>().Length];
    private readonly List<QueryNote> _notes = [];

    public string Status { get; set; } = "";

    public string ResultType { get; set; } = "";

    public string ErrorType { get; set; } = "";

    public string Error { get; set; } = "";

    /// <summary>VictoriaMetrics' word for an answer of which a storage node's part is missing.</summary>
    public bool IsPartial { get; set; }

    /// <summary>The <c>warnings</c> and <c>infos</c>, each text once.</summary>
    public IReadOnlyList<QueryNote> Notes => _notes;

    /// <summary>Keeps the first hundred notes of each kind.</summary>
    public void Add(QueryNote note)
    {
        if (_counts[(int)note.Kind] == MostOfAKind || !_known.Add((note.Text, note.Kind))) return;
        _counts[(int)note.Kind]++;
        _notes.Add(note);
    }
}
