using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Judging;

/// <summary>Results as lines, sorted, so that two exams can be compared by diff.</summary>
internal static class ResultFile
{
    public static void Write(string path, IEnumerable<ResultLine> lines) =>
        File.WriteAllLines(path, lines.Select(line => $"{line}").Order(StringComparer.Ordinal));

    /// <summary>What a file holds of other plays than these; nothing where there is no such file.</summary>
    public static List<ResultLine> WithoutPlays(string path, IReadOnlyList<MeshOptions> plays) => !File.Exists(path)
        ? []
        : [.. Read(path).Where(line => !plays.Any(line.IsOf))];

    /// <exception cref="FormatException">A line is none.</exception>
    public static IReadOnlyList<ResultLine> Read(string path) => [.. File.ReadLines(path).Select(ResultLine.Parse)];
}
