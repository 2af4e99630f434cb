using System.Text.RegularExpressions;

namespace EgressAlerts.Testing;

/// <summary>What a document has its readers paste.</summary>
public static partial class Markdown
{
    /// <summary>The indented blocks of a file, without their indentation.</summary>
    public static IEnumerable<string> Blocks(string file) =>
        BlockPattern().Matches(File.ReadAllText(file)).Select(match => string.Join('\n', match.Value.Trim('\n').Split('\n').Select(line => line.Length > 4 ? line[4..] : "")));

    // After an empty line, at the margin of the document; an item of a list that goes on is indented too, but by less.
    [GeneratedRegex(@"(?<=\n\n)    .*\n(?:    .*\n|\n(?=    ))*")]
    private static partial Regex BlockPattern();
}
