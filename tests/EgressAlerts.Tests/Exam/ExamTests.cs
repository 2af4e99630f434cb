using EgressAlerts.Exam;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Judging;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Exam;

/// <summary>What is published of the detectors is what the exam says of them.</summary>
public sealed class ExamTests
{
    private const string Again = "play the exam again as tests/README.md says, and copy its tables into alerts/detection-quality.md";

    /// <summary>The whole fortnight would take minutes. Whoever changes what a detector finds is noticed within two days of it.</summary>
    private const int Days = 2;

    private static readonly MeshOptions Play = new(Seed: 1, Learn: 8, Window: 60);

    private static readonly string Published = Repository.File("alerts", "exam.tsv");
    private static readonly string Before = Repository.File("alerts", "exam-0.1.0.tsv");

    [Fact]
    public void Detectors_find_what_the_published_results_say()
    {
        var published = ResultFile.Read(Published).Single(line => line.Row == "play" && (line.Seed, line.Learn, line.Window, line.Workloads) == (Play.Seed,
            Play.Learn, Play.Window, Play.Workloads));
        var hashes = published.Values["hashes"].Split(',');
        Assert.Equal(Time.JudgedDays, hashes.Length);
        var outcome = Examiner.Examine(Play, Days);
        Assert.True(hashes[..Days].SequenceEqual(outcome.Hashes),
            $"the detectors find other things than alerts/exam.tsv says ({string.Join(',', outcome.Hashes)}): {Again}");
    }

    [Fact]
    public void The_published_tables_are_what_the_results_give()
    {
        var (lines, before, page) = (ResultFile.Read(Published), ResultFile.Read(Before), File.ReadAllText(Repository.File("alerts", "detection-quality.md")));
        foreach (var table in (string[])[Tables.Attacks(lines, before), Tables.FalseAlerts(lines, before)])
            Assert.True(page.Contains(table, StringComparison.Ordinal), $"alerts/detection-quality.md should have\n{table}");
        Assert.All(BlindSpots.All, spot => Assert.Contains(spot, page, StringComparison.Ordinal));
    }

    [Fact]
    public void Results_read_back_as_they_were_written()
    {
        var texts = File.ReadAllLines(Published);
        Assert.Equal(texts, ResultFile.Read(Published).Select(line => $"{line}"));
        Assert.Equal(texts.Order(StringComparer.Ordinal), texts);
    }

    [Fact]
    public void Tables_pool_the_plays()
    {
        List<ResultLine> lines =
        [
            .. new[]
            {
                "50\t8\t60\t1\tattack\ta host that the mesh refuses\talerts=EgressBlocked/warning:3,A/info:9\tfound=1\tmeant=1\tplayed=2\tseconds=60\tseen=2",
                "50\t8\t60\t2\tattack\ta host that the mesh refuses\talerts=\tfound=2\tmeant=0\tplayed=2\tseconds=90,7200\tseen=2",
                "50\t8\t60\t1\tfalse\tEgressFanOut/warning\tattacked=3\tcontrol=5",
                "50\t8\t60\t1\tplay\t\tgroups=14\thashes=a\tincrements=1\tinfo_groups=28\tmost=5",
                "50\t8\t60\t2\tplay\t\tgroups=0\thashes=b\tincrements=1\tinfo_groups=0\tmost=7",
            }.Select(ResultLine.Parse),
        ];
        Assert.Contains(
            "| a host that the mesh refuses | `EgressBlocked` | 3 of 4 | 30 to 95 % | 1 of 2 | 1 | 4 | 2 min (2 h) | 0.8 |",
            Tables.Attacks(lines, lines[..1]),
            StringComparison.Ordinal);
        var wrong = Tables.FalseAlerts(lines, lines[3..4]);
        Assert.Contains("| without an attack | 0.1.0: 8 days of learning, plays: 1 | 8 days of learning, plays: 2 |", wrong, StringComparison.Ordinal);
        Assert.Contains("| `EgressFanOut`, warning, a week | 0.0 (0.0 to 1.8) | 2.0 (0.9 to 3.9) |", wrong, StringComparison.Ordinal);
        Assert.Contains("| most alerts firing at once | 5 | 7 |", wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 10, 0.490, 0.943)]
    [InlineData(0, 10, 0, 0.278)]
    [InlineData(10, 10, 0.722, 1)]
    public void The_range_of_a_share_is_Wilsons(double found, double all, double low, double high)
    {
        var (least, most) = Intervals.Wilson(found, all);
        Assert.Equal((low, high), (Math.Round(least, 3), Math.Round(most, 3)));
    }

    // The exact limits, from tables of the Poisson distribution.
    [Theory]
    [InlineData(5, 1.62, 11.67)]
    [InlineData(10, 4.80, 18.39)]
    [InlineData(100, 81.36, 121.63)]
    public void The_range_of_a_count_is_that_of_Poisson(double count, double low, double high)
    {
        var (least, most) = Intervals.Poisson(count);
        Assert.InRange(least, low * 0.99, low * 1.01);
        Assert.InRange(most, high * 0.99, high * 1.01);
    }

    [Theory]
    [InlineData("--seed=1")]
    [InlineData("--seeds=x")]
    [InlineData("--window=45")]
    [InlineData("seeds")]
    public void A_wrong_argument_is_refused(string argument) => Assert.Throws<FormatException>(() => ExamOptions.Parse([argument]).Plays.Count);

    [Fact]
    public void Without_arguments_all_is_played() => Assert.Equal(20, ExamOptions.Parse([]).Plays.Count);
}
