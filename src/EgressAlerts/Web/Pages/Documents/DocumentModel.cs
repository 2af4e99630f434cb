using System.Text.RegularExpressions;

namespace EgressAlerts.Web;

/// <summary>A document.</summary>
/// <param name="Path">In the repository.</param>
public sealed record DocumentModel(string Path, string Title, string Markdown);

/// <summary>The index of the runbooks.</summary>
/// <param name="Egress">About traffic that leaves the mesh.</param>
/// <param name="Service">About EgressAlerts itself.</param>
public sealed record RunbooksModel(IReadOnlyList<RunbookEntry> Egress, IReadOnlyList<RunbookEntry> Service, IReadOnlyList<DocumentEntry> Documents);

/// <summary>A runbook in the index.</summary>
/// <param name="Meaning">The first sentence of its section of that name.</param>
public sealed partial record RunbookEntry(string Name, string Meaning)
{
    internal static RunbookEntry Of(string name)
    {
        var match = FirstSentence().Match(ShippedDocuments.Find(ShippedDocuments.RunbookPath(name)) ?? "");
        return new(name, match.Success ? Space().Replace(match.Groups["sentence"].Value, " ").Replace("`", "", StringComparison.Ordinal) : "");
    }

    [GeneratedRegex(@"\n## Meaning\n\n(?<sentence>[^\n].*?[.:])(\s|$)", RegexOptions.Singleline)]
    private static partial Regex FirstSentence();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}

/// <summary>Another document in the index.</summary>
/// <param name="Page">The page that shows it, below the overview.</param>
public sealed record DocumentEntry(string Title, string Page);
