using System.Text.RegularExpressions;

namespace EgressAlerts.Polling;

/// <summary>One of <c>prometheus.matchers</c>. It selects samples that come from a file.</summary>
internal sealed partial class LabelMatcher(string label, bool isWanted, string value, Regex? pattern)
{
    /// <exception cref="HistoryException">A pattern cannot be used.</exception>
    public static LabelMatcher Parse(string text)
    {
        var parts = Form().Match(text);
        var sign = parts.Groups["sign"].Value;
        try
        {
            var value = Regex.Unescape(parts.Groups["value"].Value);
            var pattern = sign.EndsWith('~') ? new Regex($"^(?s:{value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
            return new(parts.Groups["label"].Value, isWanted: sign[0] == '=', value, pattern);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new HistoryException($"prometheus.matchers: '{text}' cannot be used on a file ({e.Message}): write a simpler pattern", e);
        }
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var actual = labels.GetValueOrDefault(label, "");
        return (pattern?.IsMatch(actual) ?? actual == value) == isWanted;
    }

    [GeneratedRegex("^\\s*(?<label>\\w+)\\s*(?<sign>=~|!~|!=|=)\"(?<value>.*)\"$", RegexOptions.Singleline)]
    private static partial Regex Form();
}
