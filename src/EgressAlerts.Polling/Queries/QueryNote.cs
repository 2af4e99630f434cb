using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Polling;

/// <summary>What a note in an answer (<c>warnings</c>, <c>infos</c>) means for the answer's data.</summary>
internal enum NoteKind
{
    /// <summary>The note says nothing about missing data, such as what a query cost. It is shown, not obeyed.</summary>
    Harmless,

    /// <summary>A store, an ingester or a bucket could not be read, so part of the data is missing.</summary>
    Missing,

    /// <summary>The server cut the answer off at a limit.</summary>
    Truncated,

    /// <summary>Nobody has taught this service what the note means.</summary>
    Unknown,
}

/// <summary>A note that a server sent beside its data.</summary>
/// <param name="Text">One line of at most 300 characters.</param>
/// <param name="Wording">The text without numbers and quotations: notes of one wording say the same of different things.</param>
internal sealed partial record QueryNote(string Text, NoteKind Kind, string Wording)
{
    private const int MostCharacters = 300;

    public static QueryNote Warning(string text) => Of(text, Judge(text));

    /// <summary>Prometheus 3 keeps <c>infos</c> for hints about the query itself.</summary>
    public static QueryNote Info(string text) => Of(text, NoteKind.Harmless);

    /// <summary>Whether a text says that a store behind the server could not be read. It also reads the errors by which Thanos, Cortex, Mimir and
    /// VictoriaMetrics refuse a partial answer.</summary>
    public static bool TellsOfMissingData(string text) => Missing().IsMatch(text);

    private static QueryNote Of(string text, NoteKind kind)
    {
        var quoted = QuotedText.Of(text, MostCharacters);
        return new(quoted, kind, Varying().Replace(quoted, "#"));
    }

    // PromQL's own remarks come first: they quote names that a user chose, which may contain any word.
    private static NoteKind Judge(string text) =>
        PromQL().IsMatch(text) ? NoteKind.Harmless
        : Truncated().IsMatch(text) ? NoteKind.Truncated
        : Missing().IsMatch(text) ? NoteKind.Missing
        : Known().IsMatch(text) ? NoteKind.Harmless
        : NoteKind.Unknown;

    // Thanos puts "remote query warning (address): " before what a querier further down said.
    [GeneratedRegex(@"^(remote query warning \([^)]*\): )*PromQL (info|warning): ", RegexOptions.NonBacktracking)]
    private static partial Regex PromQL();

    // Prometheus 3, Thanos; M3.
    [GeneratedRegex("truncated due to limit|results not exhaustive|limit_applied", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Truncated();

    // The first line is Thanos, the second Cortex, Mimir and VictoriaMetrics, the third Prometheus' remote read, and the last what Go, gRPC and the
    // network say in any of them.
    [GeneratedRegex(
        "receive series from|fetch series for|failed to receive any data|No StoreAPIs matched|remote query error|while processing Series|runtime error:"
        + "|partial (data|response|result)|err-mimir-(store-consistency|bucket-index)|unhealthy instances|live replicas required|from vmstorage nodes"
        + "|remote[ _-]?read|error sending request:|remote server .* returned|server returned HTTP status|error reading (response|series)|unmarshal response"
        + "|rpc error:|connection (refused|reset)|deadline exceeded|i/o timeout|timed out|no such host|no route to host|broken pipe|EOF$|context canceled",
        RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Missing();

    // What a query cost at Amazon Managed Service for Prometheus ("query samples processed"), and what will be removed one day.
    [GeneratedRegex(@"samples processed|\bQSP\b|query cost|\b(is|are|was|been) deprecated", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Known();

    [GeneratedRegex("""
        "[^"]*"|'[^']*'|\S*\d\S*
        """, RegexOptions.NonBacktracking)]
    private static partial Regex Varying();
}
