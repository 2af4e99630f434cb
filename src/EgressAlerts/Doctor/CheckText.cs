using System.Text;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Web;

namespace EgressAlerts.Doctor;

/// <summary>Writes results: one line each for people, or an array of JSON. Texts from the network are cleaned, so none can begin a line or control a
/// terminal.</summary>
internal static class CheckText
{
    private const int MaxText = 1_000;

    private static readonly (CheckResult Result, string Word, string Colour)[] Words =
        [(CheckResult.Ok, "OK  ", "32"), (CheckResult.Warn, "WARN", "33"), (CheckResult.Fail, "FAIL", "31")];

    /// <param name="isTerminal">Whether the words may have colours.</param>
    public static string Of(IReadOnlyList<Check> checks, bool isTerminal)
    {
        var (text, section) = (new StringBuilder(), "");
        foreach (var check in checks)
        {
            if (check.Section != section) text.Append(section.Length > 0 ? "\n" : "").Append(section = check.Section).Append('\n');
            var (_, word, colour) = Words.Single(one => one.Result == check.Result);
            text.Append(isTerminal ? $"\u001b[{colour}m{word}\u001b[0m" : word).Append(' ').Append(check.Code).Append(": ").Append(Clean(check.Message));
            if (check.Result != CheckResult.Ok && check.Promql.Length > 0) text.Append(" | query: ").Append(Clean(check.Promql));
            if (check.Remedy.Length > 0) text.Append(" | to mend it: ").Append(Clean(check.Remedy));
            text.Append('\n');
        }

        int Count(CheckResult result) => checks.Count(check => check.Result == result);
        return text.Append(FormattableString.Invariant(
            $"\n{Count(CheckResult.Ok)} OK, {Count(CheckResult.Warn)} WARN, {Count(CheckResult.Fail)} FAIL\n")).ToString();
    }

    public static string Json(IReadOnlyList<Check> checks) => JsonSerializer.Serialize(checks.Select(CheckRow.Of), ApiJson.Options) + "\n";

    private static string Clean(string text) => QuotedText.Of(text, MaxText);
}

/// <summary>A result in JSON.</summary>
/// <param name="Result"><c>ok</c>, <c>warn</c> or <c>fail</c>.</param>
public sealed record CheckRow(string Section, string Code, string Result, string Message, string Promql, string Remedy)
{
    public static CheckRow Of(Check check) =>
        new(check.Section, check.Code, check.Result.LabelValue(), check.Message, check.Promql, check.Remedy);
}
