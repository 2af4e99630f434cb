using System.Globalization;

namespace EgressAlerts.Testing;

/// <summary>One line of an exposition: a name, its labels, a value.</summary>
public sealed record PromSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string this[string label] => Labels.GetValueOrDefault(label, "");

    /// <summary>Reads text format 0.0.4, strictly enough to notice what a real parser would refuse.</summary>
    /// <exception cref="FormatException">A line is not of the format.</exception>
    public static IReadOnlyList<PromSample> Parse(string exposition) =>
        [.. exposition.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(ParseLine)];

    private static PromSample ParseLine(string line)
    {
        var open = line.IndexOf('{', StringComparison.Ordinal);
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        var labels = new Dictionary<string, string>();
        if (open < 0 || space < open) return new(line[..space], labels, Number(line[(space + 1)..]));
        var at = open + 1;
        while (line[at] != '}')
        {
            var equals = line.IndexOf('=', at);
            var name = line[at..equals];
            if (line[equals + 1] != '"') throw new FormatException(line);
            var value = new System.Text.StringBuilder();
            for (at = equals + 2; line[at] != '"'; at++)
            {
                if (line[at] == '\\') value.Append(line[++at] == 'n' ? '\n' : line[at]);
                else value.Append(line[at]);
            }

            labels.Add(name, value.ToString());
            at++;
            if (line[at] == ',') at++;
        }

        return new(line[..open], labels, Number(line[(at + 2)..]));
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
