using EgressAlerts.Testing;

namespace EgressAlerts.Tests;

/// <summary>Lines of code are short enough to be read beside others. The formatter does not hold the code to the limit in .editorconfig.</summary>
public sealed class LineLengthTests
{
    private const int Longest = 160;

    /// <summary>Folders and files whose lines are still to be broken, from the root of the checkout.</summary>
    private static readonly string[] NotYet =
    [
        "src/EgressAlerts/",
        "src/EgressAlerts.Alerting/",
        "src/EgressAlerts.Cardinality/",
        "src/EgressAlerts.Common/",
        "src/EgressAlerts.Detection/",
        "src/EgressAlerts.Export/",
        "src/EgressAlerts.Model/",
        "src/EgressAlerts.Naming/",
        "src/EgressAlerts.Polling/",
        "tests/EgressAlerts.Benchmarks/DetectionSpeed.cs",
        "tests/EgressAlerts.Benchmarks/NamingSpeed.cs",
        "tests/EgressAlerts.Benchmarks/StorageSpeed.cs",
        "tests/EgressAlerts.EndToEndTests/ExpositionStoryTests.cs",
        "tests/EgressAlerts.EndToEndTests/InstallationTests.cs",
        "tests/EgressAlerts.EndToEndTests/ReadmeTests.cs",
        "tests/EgressAlerts.Exam/Judging/Watch.cs",
        "tests/EgressAlerts.IntegrationTests/Alerting/DiscoveryTests.cs",
        "tests/EgressAlerts.IntegrationTests/Alerting/ReceiverTests.cs",
        "tests/EgressAlerts.IntegrationTests/Operations/ShippedFilesTests.cs",
        "tests/EgressAlerts.Tests/Alerting/",
        "tests/EgressAlerts.Tests/Cardinality/",
        "tests/EgressAlerts.Tests/Configuration/",
        "tests/EgressAlerts.Tests/Detection/",
        "tests/EgressAlerts.Tests/Dns/",
        "tests/EgressAlerts.Tests/Exam/ExamTests.cs",
        "tests/EgressAlerts.Tests/Host/",
        "tests/EgressAlerts.Tests/Naming/",
        "tests/EgressAlerts.Tests/Polling/",
        "tests/EgressAlerts.Tests/Storage/GoldenStory.cs",
    ];

    [Fact]
    public void No_line_of_code_is_longer_than_160_characters()
    {
        var files = Files();
        Assert.True(files.Count > 100, "the files are found");
        var tooLong = files.Where(file => !NotYet.Any(path => file.StartsWith(path, StringComparison.Ordinal))).SelectMany(TooLong).ToList();
        Assert.True(tooLong.Count == 0, $"break these lines, which are longer than {Longest} characters:\n{string.Join('\n', tooLong)}");
    }

    private static List<string> Files() =>
    [
        .. ((string[])["src", "tests"])
            .SelectMany(folder => Directory.EnumerateFiles(Repository.File(folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> TooLong(string file) => File.ReadLines(Repository.File(file)).Index()
        .Where(line => line.Item.Length > Longest)
        .Select(line => $"{file}:{line.Index + 1} has {line.Item.Length} characters");
}
