using EgressAlerts.Testing;

namespace EgressAlerts.Tests;

/// <summary>Lines of code are short enough to be read beside others. The formatter does not hold the code to the limit in .editorconfig.</summary>
public sealed class LineLengthTests
{
    private const int Longest = 160;

    [Fact]
    public void No_line_of_code_is_longer_than_160_characters()
    {
        var files = Files();
        Assert.True(files.Count > 100, "the files are found");
        var tooLong = files.SelectMany(TooLong).ToList();
        Assert.True(tooLong.Count == 0, $"break these lines, which are longer than {Longest} characters:\n{string.Join('\n', tooLong)}");
    }

    private static List<string> Files() =>
    [
        .. ((string[])["*.cs", "*.razor", "*.css", "*.js"])
            .SelectMany(kind => ((string[])["src", "tests"]).SelectMany(
                folder => Directory.EnumerateFiles(Repository.File(folder), kind, SearchOption.AllDirectories)))
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> TooLong(string file) => File.ReadLines(Repository.File(file)).Index()
        .Where(line => line.Item.Length > Longest)
        .Select(line => $"{file}:{line.Index + 1} has {line.Item.Length} characters");
}
