namespace EgressAlerts.Exam.Judging;

/// <summary>Results as lines, sorted, so that two exams can be compared by diff.</summary>
internal static class ResultFile
{
    public static void Write(string path, IEnumerable<ResultLine> lines) => File.WriteAllLines(path, lines.Select(line => $"{line}").Order(StringComparer.Ordinal));

    /// <exception cref="FormatException">A line is none.</exception>
    public static IReadOnlyList<ResultLine> Read(string path) => [.. File.ReadLines(path).Select(ResultLine.Parse)];
}
