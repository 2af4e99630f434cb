using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Judging;

/// <summary>A line of the file of results: what one play says of one kind of attack, of one false alert, or of itself.</summary>
/// <param name="Row"><c>attack</c>, <c>false</c> or <c>play</c>.</param>
/// <param name="Values">As <c>key=value</c>, in the order of the keys.</param>
internal sealed record ResultLine(int Workloads, int Learn, int Window, int Seed, string Row, string Name, SortedDictionary<string, string> Values)
{
    public bool IsOf(MeshOptions play) => (play.Workloads, play.Learn, play.Window, play.Seed) == (Workloads, Learn, Window, Seed);

    public int Number(string key) => int.Parse(Values[key], CultureInfo.InvariantCulture);

    public string[] List(string key) => Values[key].Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <exception cref="FormatException">It is no such line.</exception>
    public static ResultLine Parse(string line)
    {
        var cells = line.Split('\t');
        if (cells.Length < 6) throw new FormatException($"a line has at least six columns, this one has {cells.Length}: {line}");
        var numbers = cells[..4].Select(cell => int.Parse(cell, CultureInfo.InvariantCulture)).ToList();
        var values = cells[6..].Select(cell => cell.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return new(numbers[0], numbers[1], numbers[2], numbers[3], cells[4], cells[5], new(values, StringComparer.Ordinal));
    }

    /// <summary>The lines of a play.</summary>
    public static IEnumerable<ResultLine> Of(Outcome outcome)
    {
        yield return Line(
            "play",
            "",
            ("hashes", string.Join(',', outcome.Hashes)),
            ("increments", outcome.Increments),
            ("most", outcome.Most),
            ("groups", outcome.Groups),
            ("info_groups", outcome.InfoGroups));
        foreach (var ((alert, severity), (control, attacked)) in outcome.False)
            yield return Line("false", $"{alert}/{severity}", ("control", control), ("attacked", attacked));
        foreach (var kind in outcome.Attacks.GroupBy(one => one.Attack.Kind.Name))
        {
            var alerts = kind.SelectMany(one => one.Alerts).GroupBy(alert => alert.Key, alert => alert.Value)
                .OrderBy(alert => alert.Key, StringComparer.Ordinal);
            yield return Line(
                "attack",
                kind.Key,
                ("played", kind.Count()),
                ("found", kind.Count(one => one.Found is not null)),
                ("meant", kind.Count(one => one.IsMeant)),
                ("seen", kind.Count(one => one.IsSeen)),
                ("seconds", string.Join(',', kind.Select(one => one.Found).OfType<long>().Order())),
                ("alerts", string.Join(',', alerts.Select(alert => $"{alert.Key}:{alert.Sum()}"))));
        }

        ResultLine Line(string row, string name, params (string Key, object Value)[] values) => new(
            outcome.Options.Workloads, outcome.Options.Learn, outcome.Options.Window, outcome.Options.Seed, row, name,
                new(values.ToDictionary(value => value.Key, value => $"{value.Value}"), StringComparer.Ordinal));
    }

    public override string ToString() =>
        string.Join('\t', [$"{Workloads}", $"{Learn}", $"{Window}", $"{Seed}", Row, Name, .. Values.Select(value => $"{value.Key}={value.Value}")]);
}
