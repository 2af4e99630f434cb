using System.Globalization;
using System.Text;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Judging;

/// <summary>Results as Markdown.</summary>
/// <remarks>Plays of one seed and one number of workloads have the same attacks and the same ordinary traffic. Shares and rates are pooled over all plays.
/// Their intervals (<see cref="Intervals"/>) count what such plays share once.</remarks>
internal static class Tables
{
    private const string Header =
        "| attack | alert meant for it | found by warning or critical | range | by 0.1.0 | by the alert meant for it | seen, `info` included "
        + "| time to alert, median (worst) | alerts for one attack |\n|---|---|---|---|---|---|---|---|---|\n";

    /// <summary>Each kind of attack: how many are found, by what, how soon, and how many alerts tell of one.</summary>
    /// <param name="before">What the same exam said of version 0.1.0.</param>
    public static string Attacks(IReadOnlyList<ResultLine> lines, IReadOnlyList<ResultLine> before)
    {
        var (text, repeats) = (new StringBuilder(Header), Repeats(lines));
        foreach (var kind in Plan.Kinds)
        {
            var rows = Rows(lines, kind.Name);
            if (rows.Count == 0) continue;
            var (played, found) = (rows.Sum(row => row.Number("played")), rows.Sum(row => row.Number("found")));
            var (low, high) = Intervals.Wilson(found / repeats, played / repeats);
            List<long> seconds = [.. rows.SelectMany(row => row.List("seconds")).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).Order()];
            var alerts = rows.SelectMany(row => row.List("alerts")).Where(alert => !alert.Contains("/info", StringComparison.Ordinal))
                .Sum(alert => int.Parse(alert.Split(':')[1], CultureInfo.InvariantCulture));
            string[] cells =
            [
                kind.Name,
                kind.Meant.Length == 0 ? "none" : $"`{kind.Meant}`",
                $"{found} of {played}",
                string.Create(CultureInfo.InvariantCulture, $"{low * 100:0} to {high * 100:0} %"),
                $"{Rows(before, kind.Name).Sum(row => row.Number("found"))} of {Rows(before, kind.Name).Sum(row => row.Number("played"))}",
                $"{rows.Sum(row => row.Number("meant"))}",
                $"{rows.Sum(row => row.Number("seen"))}",
                seconds.Count == 0 ? "" : $"{Length(seconds[seconds.Count / 2])} ({Length(seconds[^1])})",
                string.Create(CultureInfo.InvariantCulture, $"{alerts / (double)played:0.#}"),
            ];
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
        }

        return $"{text}";
    }

    /// <summary>What fires though nothing is wrong, a week and fifty workloads; <c>info</c> a day and fifty workloads.</summary>
    /// <param name="before">What the same exam said of version 0.1.0.</param>
    public static string FalseAlerts(IReadOnlyList<ResultLine> lines, IReadOnlyList<ResultLine> before)
    {
        var (old, settings) = (Settings(before), Settings(before).Concat(Settings(lines)).ToList());
        var text = new StringBuilder();
        var column = 0;
        Row("without an attack", of => (column++ < old.Count ? "0.1.0: " : "")
            + $"{of[0].Learn} days of learning, {(of[0].Workloads == 50 ? "" : $"{of[0].Workloads} workloads, ")}plays: {Plays(of).Count()}");
        Row("---", _ => "---");
        var names = lines.Concat(before).Where(line => line.Row == "false").Select(line => line.Name).Distinct().Order(StringComparer.Ordinal)
            .Select(name => name.Split('/')).ToList();
        foreach (var name in names.Where(name => name[1] != "info")) Row($"`{name[0]}`, {name[1]}, a week", of => Rate(of, name, perDay: false));
        foreach (var name in names.Where(name => name[1] == "info")) Row($"`{name[0]}`, info, a day", of => Rate(of, name, perDay: true));
        Row("messages in Slack, a day", of => PerDay(of, "groups"));
        Row("messages in Slack with `info`, a day", of => PerDay(of, "info_groups"));
        Row("most alerts firing at once", of => $"{Plays(of).Max(line => line.Number("most"))}");
        return $"{text}";

        void Row(string name, Func<List<ResultLine>, string> cell) =>
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", settings.Select(cell))} |\n");
    }

    private static List<ResultLine> Rows(IReadOnlyList<ResultLine> lines, string attack) =>
        [.. lines.Where(line => line.Row == "attack" && line.Name == attack)];

    private static List<List<ResultLine>> Settings(IReadOnlyList<ResultLine> lines) =>
        [.. lines.GroupBy(line => (line.Workloads, line.Learn)).OrderBy(group => group.Key).Select(group => group.ToList())];

    private static string Rate(List<ResultLine> lines, string[] name, bool perDay)
    {
        var rows = lines.Where(line => line.Row == "false" && line.Name == string.Join('/', name));
        var count = rows.Sum(row => row.Number("control") + row.Number("attacked"));
        var (repeats, time) = (Repeats(lines), Fifties(lines) * Time.JudgedDays / (perDay ? 1 : 7.0));
        var (low, high) = Intervals.Poisson(count / repeats);
        return $"{Short(count / time)} ({Short(low * repeats / time)} to {Short(high * repeats / time)})";
    }

    private static string PerDay(List<ResultLine> lines, string key) => Short(Plays(lines).Sum(line => line.Number(key)) / Fifties(lines) / Time.JudgedDays);

    private static string Short(double rate) => rate.ToString(rate < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static IEnumerable<ResultLine> Plays(IEnumerable<ResultLine> lines) => lines.Where(line => line.Row == "play");

    /// <summary>How many fortnights of fifty workloads were judged.</summary>
    private static double Fifties(IEnumerable<ResultLine> lines) => Plays(lines).Sum(line => line.Workloads / 50.0);

    /// <summary>How often the same mesh was played, in other windows or after other learning.</summary>
    private static double Repeats(IReadOnlyList<ResultLine> lines) =>
        Math.Max(1, Plays(lines).Count() / (double)Math.Max(1, Plays(lines).DistinctBy(line => (line.Seed, line.Workloads)).Count()));

    private static string Length(long seconds) => seconds switch
    {
        >= 172_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400.0:0.#} d"),
        >= 7_200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600.0:0.#} h"),
        >= 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60.0:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
    };
}
