using System.Text;
using System.Text.RegularExpressions;
using static System.FormattableString;

namespace EgressAlerts.Web;

/// <summary>Writes text from the network into YAML, so that it is one value whatever it holds.</summary>
internal static partial class YamlText
{
    private const int MaxSlug = 50;

    /// <summary>A value: plain where no reader can take it for something else, between double quotes otherwise.</summary>
    public static string Value(string text) => Plain().IsMatch(text) && !Word().IsMatch(text) ? text : Quoted(text);

    public static string List(params IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Value))}]";

    /// <summary>A name for a resource of Kubernetes, made from text that may not be one.</summary>
    public static string Slug(params IEnumerable<string> texts)
    {
        var slug = NoSlug().Replace(string.Join('-', texts).ToLowerInvariant(), "-").Trim('-');
        return slug.Length > MaxSlug ? slug[..MaxSlug].Trim('-') : slug.Length > 0 ? slug : "egress";
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\') quoted.Append('\\');
            if (rune.Value is >= ' ' and <= '~') quoted.Append((char)rune.Value);
            else quoted.Append(rune.Value > char.MaxValue ? Invariant($"\\U{rune.Value:X8}") : Invariant($"\\u{rune.Value:X4}"));
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*(/[a-z][a-z0-9-]*(\.[a-z0-9-]+)*)?\z|^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?\z")]
    private static partial Regex Plain();

    /// <summary>What YAML takes for a truth or for nothing.</summary>
    [GeneratedRegex(@"^(true|false|null|yes|no|on|off|y|n)\z")]
    private static partial Regex Word();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoSlug();
}
