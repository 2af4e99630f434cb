using System.Text.RegularExpressions;

namespace EgressAlerts.Testing;

/// <summary>What a document has its readers type.</summary>
public static partial class Markdown
{
    /// <summary>The indented blocks of a file, also those in items of lists, without their indentation.</summary>
    /// <param name="heading">Only those below this heading, up to the next one of its kind.</param>
    public static IReadOnlyList<string> Blocks(string file, string? heading = null)
    {
        var text = File.ReadAllText(file);
        if (heading is not null)
        {
            text = text[(text.IndexOf($"\n{heading}\n", StringComparison.Ordinal) + 1)..];
            if (text.IndexOf("\n## ", 1, StringComparison.Ordinal) is > 0 and var end) text = text[..end];
        }

        return [.. BlockPattern().Matches(text).Select(match => Margin(match.Value.Trim('\n').Split('\n')))];
    }

    /// <summary>What the blocks of a file hold, such as commands and queries: each is a line with the indented lines below it.</summary>
    public static IReadOnlyList<string> Entries(string file) =>
        [.. Blocks(file).SelectMany(block => EntryPattern().Matches(block)).Select(match => match.Value.TrimEnd('\n'))];

    /// <summary>The PromQL queries among the entries of a file.</summary>
    public static IReadOnlyList<string> Queries(string file) => [.. Entries(file).Where(entry => QueryPattern().IsMatch(entry))];

    /// <summary>All documents of the checkout.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or ".git"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The lines of a file that are neither in a fence nor indented as a block.</summary>
    public static IEnumerable<string> Prose(string file)
    {
        var isFenced = false;
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) isFenced = !isFenced;
            else if (!isFenced && !line.StartsWith("    ", StringComparison.Ordinal)) yield return line;
        }
    }

    private static string Margin(string[] lines)
    {
        var margin = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart(' ').Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[margin..] : ""));
    }

    // After an empty line. What goes on in an item of a list is indented too, but by less.
    [GeneratedRegex(@"(?<=\n\n)    .*\n(?:    .*\n|\n(?=    ))*")]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"^[^ \n].*(?:\n +.*)*", RegexOptions.Multiline)]
    private static partial Regex EntryPattern();

    // A call of a function, an aggregation or a selector, of a metric that the service or Istio has.
    [GeneratedRegex(@"^(?=[\s\S]*(?:egress|istio)_|up\{|.*\(up\{)(?:[a-z_]+(?: (?:by|without) \([^)]*\) ?)?\(|[a-z_:0-9]+(?:\{.*)?$)")]
    private static partial Regex QueryPattern();
}
