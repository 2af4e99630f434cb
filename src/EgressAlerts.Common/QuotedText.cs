using System.Globalization;
using System.Text;

namespace EgressAlerts.Common;

/// <summary>Text from a server, made fit to be shown in a log line or on a page. Any thread.</summary>
public static class QuotedText
{
    /// <summary>One line of at most <paramref name="most"/> characters. Control and formatting characters become spaces.</summary>
    public static string Of(string text, int most)
    {
        var clean = string.Concat(text.Take(most + 1).Select(c => IsShown(c) ? c : ' ')).Trim();
        return clean.Length <= most ? clean : clean[..(most - 1)] + "…";
    }

    /// <inheritdoc cref="Of(string, int)"/>
    public static string Of(ReadOnlySpan<byte> utf8, int most) => Of(Encoding.UTF8.GetString(utf8), most);

    /// <summary>Whether a character could begin a line, or turn the direction of the text around it, instead of being shown.</summary>
    public static bool IsInvisible(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    // Half of a surrogate pair cannot be encoded, and the limit may cut a pair.
    private static bool IsShown(char c) => !IsInvisible(c) && !char.IsSurrogate(c);
}
