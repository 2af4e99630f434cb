using System.Globalization;
using System.Text;
using EgressAlerts.Exam.Attacks;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Judging;

/// <summary>Results as Markdown.</summary>
/// <remarks>Plays of one seed and one number of workloads have the same attacks and the same ordinary traffic. Shares are therefore pooled over all plays, but their intervals
/// (<see cref="Intervals"/>) take each attack once, and those of counts take each seed once.</remarks>
internal static class Tables
{
    /// <summary>Each kind of attack: how many are found, by what, how soon, and how many alerts tell of one.</summary>
    public static string Attacks(IReadOnlyList<ResultLine> lines)
    {
        var text = new StringBuilder("| attack | alert meant for it | found by warning or critical | range | by the alert meant for it | seen, `info` included | time to alert, median (worst) | alerts for one attack |\n|---|---|---|---|---|---|---|---|\n");
        var repeats = Repeats(lines);
        foreach (var kind in Plan.Kinds)
        {
            var rows = lines.Where(line => line.Row == "attack" && line.Name == kind.Name).ToList();
            if (rows.Count == 0) continue;
            var (played, found) = (rows.Sum(row => row.Number("played")), rows.Sum(row => row.Number("found")));
            var (low, high) = Intervals.Wilson(found / repeats, played / repeats);
            List<long> seconds = [.. rows.SelectMany(row => row.Values["seconds"].Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).Order()];
            var alerts = rows.SelectMany(row => row.Values["alerts"].Split(',', StringSplitOptions.RemoveEmptyEntries)).Where(alert => !alert.Contains("/info", StringComparison.Ordinal))
                .Sum(alert => int.Parse(alert.Split(':')[1], CultureInfo.InvariantCulture));
            var meant = kind.Meant.Length == 0 ? "none" : $"`{kind.Meant}`";
            var time = seconds.Count == 0 ? "" : $"{Length(seconds[seconds.Count / 2])} ({Length(seconds[^1])})";
            text.Append(CultureInfo.InvariantCulture, $"| {kind.Name} | {meant} | {found} of {played} | {low * 100:0} to {high * 100:0} % | {rows.Sum(row => row.Number("meant"))} | {rows.Sum(row => row.Number("seen"))} | {time} | {alerts / (double)played:0.#} |\n");
        }

        return $"{text}";
    }

    /// <summary>What fires though nothing is wrong, a week and fifty workloads; <c>info</c> a day and fifty workloads.</summary>
    public static string FalseAlerts(IReadOnlyList<ResultLine> lines)
    {
        var learns = lines.Select(line => line.Learn).Distinct().Order().ToList();
        var text = new StringBuilder($"| without an attack | {string.Join(" | ", learns.Select(learn => $"{learn} days of learning"))} |\n|---|{string.Concat(learns.Select(_ => "---|"))}\n");
        var names = lines.Where(line => line.Row == "false").Select(line => line.Name).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var name in names.Where(name => !name.EndsWith("/info", StringComparison.Ordinal))) Row($"`{name.Split('/')[0]}`, {name.Split('/')[1]}, a week", of => Rate(of, name, perDay: false));
        foreach (var name in names.Where(name => name.EndsWith("/info", StringComparison.Ordinal))) Row($"`{name.Split('/')[0]}`, info, a day", of => Rate(of, name, perDay: true));
        Row("messages in Slack, a day", of => string.Create(CultureInfo.InvariantCulture, $"{Plays(of).Sum(line => line.Number("groups")) / Fifties(of) / Time.JudgedDays:0.#}"));
        Row("messages in Slack with `info`, a day", of => string.Create(CultureInfo.InvariantCulture, $"{Plays(of).Sum(line => line.Number("info_groups")) / Fifties(of) / Time.JudgedDays:0.#}"));
        Row("most alerts firing at once", of => string.Create(CultureInfo.InvariantCulture, $"{Plays(of).Max(line => line.Number("most"))}"));
        return $"{text}";

        void Row(string name, Func<List<ResultLine>, string> cell) => text.Append(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", learns.Select(learn => cell([.. lines.Where(line => line.Learn == learn)])))} |\n");
    }

    private static string Rate(List<ResultLine> lines, string name, bool perDay)
    {
        var count = lines.Where(line => line.Row == "false" && line.Name == name).Sum(line => line.Number("control") + line.Number("attacked"));
        var (repeats, time) = (Repeats(lines), Fifties(lines) * Time.JudgedDays / (perDay ? 1 : 7.0));
        var (low, high) = Intervals.Poisson(count / repeats);
        return string.Create(CultureInfo.InvariantCulture, $"{Short(count / time)} ({Short(low * repeats / time)} to {Short(high * repeats / time)})");
    }

    private static string Short(double rate) => rate.ToString(rate < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static IEnumerable<ResultLine> Plays(IEnumerable<ResultLine> lines) => lines.Where(line => line.Row == "play");

    /// <summary>How many fortnights of fifty workloads were judged.</summary>
    private static double Fifties(IEnumerable<ResultLine> lines) => Plays(lines).Sum(line => line.Workloads / 50.0);

    /// <summary>How often the same mesh was played, in other windows or after other learning.</summary>
    private static double Repeats(IReadOnlyList<ResultLine> lines) => Math.Max(1, Plays(lines).Count() / (double)Math.Max(1, Plays(lines).DistinctBy(line => (line.Seed, line.Workloads)).Count()));

    private static string Length(long seconds) => seconds switch
    {
        >= 172_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400.0:0.#} d"),
        >= 7_200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600.0:0.#} h"),
        >= 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60.0:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
    };
}
