using System.Text.RegularExpressions;

namespace EgressAlerts.Polling;

/// <summary>Reads the path of a request as its server would, so that another spelling of it does not pass a policy by.</summary>
internal static partial class RequestPath
{
    private const int MaxLength = 4_096;

    /// <summary>The path without query and fragment. Escapes are undone once, several slashes become one, and <c>.</c> and <c>..</c> are resolved
    /// (RFC 3986, section 5.2.4).</summary>
    public static string Plain(string path)
    {
        if (path.Length == 0) return "";
        var end = path.AsSpan().IndexOfAny('?', '#');
        var text = Uri.UnescapeDataString(path[..Math.Min(end < 0 ? path.Length : end, MaxLength)]);
        var parts = new List<string>();
        foreach (var part in Slashes().Split(text).Where(part => part is not ("" or ".")))
        {
            if (part != "..") parts.Add(part);
            else if (parts.Count > 0) parts.RemoveAt(parts.Count - 1);
        }

        return "/" + string.Join('/', parts) + (text.EndsWith('/') && parts.Count > 0 ? "/" : "");
    }

    [GeneratedRegex("[/\\\\]+")]
    private static partial Regex Slashes();
}
