using System.Globalization;
using System.Text.RegularExpressions;

namespace EgressAlerts.Testing;

/// <summary>The part of PromQL that <see cref="SampleStore"/> answers.</summary>
/// <remarks>
/// It has selectors with any matchers, ranges, <c>offset</c>, functions over a range such as <c>max_over_time</c>, <c>increase</c>
/// (as VictoriaMetrics computes it, without guesses), <c>unless</c>, comparisons with a number,
/// and the aggregations <c>group</c>, <c>count</c>, <c>sum</c>, <c>min</c> and <c>max</c>.
/// </remarks>
public sealed partial class SampleQuery
{
    private static readonly TimeSpan Lookback = TimeSpan.FromMinutes(5);
    private static readonly string[] Comparisons = ["==", "!=", ">=", "<=", ">", "<"];

    private readonly string _text;
    private readonly Evaluator _evaluate;
    private int _at;

    private SampleQuery(string text)
    {
        _text = text;
        _evaluate = Comparison();
        if (!AtEnd) throw Unexpected();
    }

    private delegate IEnumerable<FoundSeries> Evaluator(IReadOnlyList<FoundSeries> all, DateTimeOffset at, bool isLeftOpen);

    /// <summary>Whether the answer is a matrix of raw samples; a vector otherwise.</summary>
    public bool IsRange { get; private set; }

    private bool AtEnd => Peek().Length == 0;

    /// <exception cref="FormatException">The query is not of the part that is understood.</exception>
    public static SampleQuery Parse(string text) => new(text);

    /// <summary>What the query finds; a series of a vector has one sample.</summary>
    public IEnumerable<FoundSeries> Evaluate(IReadOnlyList<FoundSeries> all, DateTimeOffset at, bool isLeftOpen) => _evaluate(all, at, isLeftOpen);

    private Evaluator Comparison()
    {
        var left = Operand();
        if (Peek() == "unless")
        {
            Take();
            var without = Operand();
            return (all, at, open) => left(all, at, open).ExceptBy(without(all, at, open).Select(Key), Key);
        }

        if (!Comparisons.Contains(Peek())) return left;
        var sign = Take();
        var right = double.Parse(Take(), CultureInfo.InvariantCulture);
        return (all, at, open) => left(all, at, open).Where(series => Holds(sign, series.Samples[^1].Value, right));
    }

    private Evaluator Operand()
    {
        if (Peek() == "(") return InBrackets();
        var start = _at;
        var word = Peek() == "{" ? "" : Take();
        if (word == "increase" || word.EndsWith("_over_time", StringComparison.Ordinal)) return OverTime(word, InBrackets());
        if (word is "group" or "count" or "sum" or "min" or "max" && Peek() is "by" or "(") return Aggregation(word);
        _at = start;
        return Selector();
    }

    private Evaluator InBrackets()
    {
        Expect("(");
        var inner = Comparison();
        Expect(")");
        return inner;
    }

    private Evaluator OverTime(string function, Evaluator inner)
    {
        if (!IsRange) throw Unexpected();
        IsRange = false;
        Func<IReadOnlyList<double>, double> reduce = function switch
        {
            "max_over_time" => values => values.Max(),
            "min_over_time" => values => values.Min(),
            "sum_over_time" => values => values.Sum(),
            "count_over_time" => values => values.Count,
            "last_over_time" => values => values[^1],
            "increase" => values => values.Zip(values.Skip(1)).Sum(pair => pair.Second - (pair.Second < pair.First ? 0 : pair.First)),
            _ => throw new FormatException($"unknown function {function}"),
        };
        return (all, at, open) => inner(all, at, open).Select(series => new FoundSeries(
            function == "last_over_time" ? series.Labels : series.Labels.Where(label => label.Key != "__name__").ToDictionary(),
            [(at, reduce([.. series.Samples.Select(sample => sample.Value)]))]));
    }

    private Evaluator Aggregation(string function)
    {
        var by = Peek() == "by" ? Names() : [];
        var inner = InBrackets();
        if (by.Count == 0 && Peek() == "by") by = Names();
        if (IsRange) throw Unexpected();
        Func<IReadOnlyList<double>, double> reduce = function switch
        {
            "group" => _ => 1,
            "count" => values => values.Count,
            "sum" => values => values.Sum(),
            "min" => values => values.Min(),
            _ => values => values.Max(),
        };
        return (all, at, open) => inner(all, at, open)
            .Select(series => (Labels: series.Labels.Where(label => by.Contains(label.Key)).ToDictionary(), series.Samples[^1].Value))
            .GroupBy(series => Key(new(series.Labels, [])))
            .Select(group => new FoundSeries(group.First().Labels, [(at, reduce([.. group.Select(series => series.Value)]))]));
    }

    private static string Key(FoundSeries series) => string.Join('\n', series.Labels.OrderBy(label => label.Key, StringComparer.Ordinal));

    private List<string> Names()
    {
        Expect("by");
        Expect("(");
        var names = new List<string>();
        for (; Peek() != ")"; _ = Peek() == "," ? Take() : "") names.Add(Take());
        Expect(")");
        return names;
    }

    private Evaluator Selector()
    {
        var matchers = new List<Predicate<IReadOnlyDictionary<string, string>>>();
        if (Peek() != "{") matchers.Add(Matcher("__name__", "=", Take()));
        if (Peek() == "{")
        {
            for (Take(); Peek() != "}"; _ = Peek() == "," ? Take() : "") matchers.Add(Matcher(Take(), Take(), Quoted(Take())));
            Take();
        }

        TimeSpan? range = null;
        if (Peek() == "[")
        {
            Take();
            (range, IsRange) = (Duration(Take()), true);
            Expect("]");
        }

        var offset = TimeSpan.Zero;
        if (Peek() == "offset")
        {
            Take();
            offset = Duration(Take());
        }

        return (all, at, isLeftOpen) =>
        {
            var (start, end) = (at - offset - (range ?? Lookback), at - offset);
            bool IsIn((DateTimeOffset At, double Value) sample) => (isLeftOpen ? sample.At > start : sample.At >= start) && sample.At <= end;
            var found = all.Where(series => matchers.TrueForAll(matches => matches(series.Labels)))
                .Select(series => series with { Samples = [.. series.Samples.Where(IsIn)] }).Where(series => series.Samples.Count > 0);
            // NaN is a stale marker: an instant ends with it, and a range leaves it out.
            return range is null
                ? found.Select(series => series with { Samples = [(at, series.Samples[^1].Value)] }).Where(series => !double.IsNaN(series.Samples[0].Value))
                : found.Select(series => series with { Samples = [.. series.Samples.Where(sample => !double.IsNaN(sample.Value))] })
                    .Where(series => series.Samples.Count > 0);
        };
    }

    private static Predicate<IReadOnlyDictionary<string, string>> Matcher(string label, string sign, string value)
    {
        var pattern = sign.Contains('~', StringComparison.Ordinal) ? new Regex($"^(?:{value})$", RegexOptions.CultureInvariant) : null;
        return labels =>
        {
            var actual = labels.GetValueOrDefault(label, "");
            return (pattern?.IsMatch(actual) ?? actual == value) == sign is "=" or "=~";
        };
    }

    private static bool Holds(string sign, double left, double right) => sign switch
    {
        "==" => left == right,
        "!=" => left != right,
        ">=" => left >= right,
        "<=" => left <= right,
        ">" => left > right,
        _ => left < right,
    };

    private static TimeSpan Duration(string text) =>
        DurationParts().Matches(text)
            .Aggregate(TimeSpan.Zero, (sum, part) => sum + (long.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * Unit(part)));

    private static TimeSpan Unit(Match part) => part.Groups["unit"].Value switch
    {
        "ms" => TimeSpan.FromMilliseconds(1),
        "s" => TimeSpan.FromSeconds(1),
        "m" => TimeSpan.FromMinutes(1),
        "h" => TimeSpan.FromHours(1),
        "d" => TimeSpan.FromDays(1),
        _ => TimeSpan.FromDays(7),
    };

    private static string Quoted(string token) =>
        token is ['"' or '\'' or '`', ..] ? Regex.Unescape(token[1..^1]) : throw new FormatException($"{token} is no text in quotes");

    private void Expect(string token)
    {
        if (Peek() != token) throw Unexpected();
        Take();
    }

    private string Peek() => Token().Match(_text, _at).Groups["token"].Value;

    private string Take()
    {
        var token = Token().Match(_text, _at);
        if (token.Groups["token"].Length == 0) throw Unexpected();
        _at = token.Index + token.Length;
        return token.Groups["token"].Value;
    }

    private FormatException Unexpected() => new($"not understood from position {_at} on: {_text[_at..]}");

    [GeneratedRegex("""\G\s*(?<token>"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|[\w:]+(\.\d+)?|[=!<>]=|=~|!~|\S|$)""", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex("(?<number>[0-9]+)(?<unit>ms|[smhdw])", RegexOptions.CultureInvariant)]
    private static partial Regex DurationParts();
}
