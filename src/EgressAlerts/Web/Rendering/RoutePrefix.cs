using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Web;

/// <summary>What all paths of the service begin with, as <c>--web.route-prefix</c> says. A reverse proxy that removes it needs none.</summary>
internal sealed class RoutePrefix
{
    public const string Expected = "a path such as /egress, which begins with a slash and has letters, digits and the characters - . _ ~ / after it";

    public static readonly RoutePrefix None = new("");

    private RoutePrefix(string text) => Text = text;

    /// <summary>Empty, or as <c>/egress</c>.</summary>
    public string Text { get; }

    /// <summary>Null where the text is not what <see cref="Expected"/> says. A slash at its end makes no difference.</summary>
    public static RoutePrefix? TryParse(string text)
    {
        if (text.Length > 0 && text[0] != '/') return null;
        var path = text.TrimEnd('/');
        var isGood = !path.Contains("//", StringComparison.Ordinal)
            && path.All(c => char.IsAsciiLetterOrDigit(c) || "-._~/".Contains(c, StringComparison.Ordinal))
            && path.Split('/').All(part => part is not ("." or ".."));
        return isGood ? new(path) : null;
    }

    /// <summary>The part of a path that is below the overview, without a slash at its beginning.</summary>
    public string Below(PathString path) => (path.Value ?? "")[Math.Min(Text.Length, (path.Value ?? "").Length)..].TrimStart('/');

    /// <summary>The way from a path below the overview back to it.</summary>
    public static string Root(string below) => below.Count(c => c == '/') is > 0 and var steps ? string.Concat(Enumerable.Repeat("../", steps)) : "./";
}
