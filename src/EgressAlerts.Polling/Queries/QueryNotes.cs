using Microsoft.Extensions.Logging;

namespace EgressAlerts.Polling;

/// <summary>Decides whether answers with notes count, and remembers the notes to show them.</summary>
/// <remarks>A note that tells of missing data makes its window wait for as long as <c>prometheus.max_catch_up</c> allows. An unknown note may
/// mean the same, or may come with every answer for ever. So its window waits for a while, then counts as it is. The note is reported all the time, and
/// no further window waits because of its wording as long as it keeps coming. Called by the pass alone. Anyone may read what is public.</remarks>
internal sealed class QueryNotes(PollingOptions options, TimeProvider time, ILogger logger)
{
    private const int MostShown = 10;
    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, QueryNote> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _accepted = new(StringComparer.Ordinal);
    private HashSet<string> _told = [];
    private long? _waitingSince;
    private int _rounds;

    /// <summary>The notes of the last complete window, at most ten.</summary>
    public IReadOnlyList<string> Shown { get; private set; } = [];

    /// <summary>The unknown notes of the last complete window, at most ten.</summary>
    public IReadOnlyList<string> Unknown { get; private set; } = [];

    // For each further unknown wording the wait is half as long. So a server whose notes never repeat delays counting by twenty minutes in all.
    private TimeSpan Patience =>
        (options.MaxCatchUp / 4 is var quarter && quarter < LongestPatience ? quarter : LongestPatience) / Math.Pow(2, Math.Min(_rounds, 30));

    public void BeginWindow() => _seen.Clear();

    /// <summary>Null where an answer with these notes counts.</summary>
    public QueryFailure? Judge(IReadOnlyList<QueryNote> notes)
    {
        if (notes.FirstOrDefault(note => note.Kind == NoteKind.Missing) is { } missing)
            return new(FailureReason.Partial, $"a part of the data is missing, the server says: {missing.Text}; the window waits until the part is back");
        if (notes.FirstOrDefault(note => note.Kind == NoteKind.Truncated) is { } cut)
        {
            var advice = $"the server cut its answer off ({cut.Text}): remove 'limit' from prometheus.url, or raise the limit at the server";
            return new(FailureReason.Limit, advice);
        }

        foreach (var note in notes) _seen.TryAdd(note.Wording, note);
        var unknown = notes.Where(note => note.Kind == NoteKind.Unknown && !_accepted.Contains(note.Wording)).ToList();
        if (unknown.Count == 0) return null;
        _waitingSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(_waitingSince.Value) < Patience)
        {
            var wait = Patience.TotalSeconds;
            return new(
                FailureReason.Partial,
                $"the answer has a note whose meaning is not known: {unknown[0].Text}; "
                + $"data may be missing, so the window waits {wait:0} s and then counts as it is");
        }

        _accepted.UnionWith(unknown.Select(note => note.Wording));
        return null;
    }

    /// <summary>Called when all queries of a window had an answer that counts.</summary>
    public void EndWindow()
    {
        var unknown = _seen.Values.Where(note => note.Kind == NoteKind.Unknown).ToList();
        _rounds = unknown.Count == 0 ? 0 : _waitingSince is null ? _rounds : _rounds + 1;
        _waitingSince = null;
        _accepted.IntersectWith(_seen.Keys); // A wording that stopped coming waits again when it is back.
        Unknown = [.. unknown.Take(MostShown).Select(note => note.Text)];
        Shown = [.. _seen.Values.OrderByDescending(note => note.Kind == NoteKind.Unknown).Take(MostShown).Select(note => note.Text)];
        if (_told.SetEquals(_seen.Keys)) return;
        _told = [.. _seen.Keys];
        if (Shown.Count > 0) Log.Notes(logger, string.Join("; ", Shown));
        else Log.NotesEnded(logger);
    }
}
