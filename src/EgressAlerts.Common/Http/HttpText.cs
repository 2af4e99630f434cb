using System.Buffers;

namespace EgressAlerts.Common;

/// <summary>What HTTP allows in headers, and what of a URL may be printed. Any thread.</summary>
public static class HttpText
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>A header's name or an authentication scheme (RFC 9110, 5.6.2).</summary>
    public static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenCharacters);

    /// <summary>A value that one line of a request can carry: printable ASCII.</summary>
    public static bool IsHeaderValue(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>A user name or password: any text without control characters (RFC 7617, 2).</summary>
    public static bool IsLine(string text) => !text.Any(char.IsControl);

    /// <summary>A user name. A colon would end it, because one stands between it and the password.</summary>
    public static bool IsUsername(string text) => IsLine(text) && !text.Contains(':', StringComparison.Ordinal);

    /// <summary>The scheme of an authorization. Basic has settings of its own.</summary>
    public static bool IsScheme(string text) => IsToken(text) && !text.Equals("basic", StringComparison.OrdinalIgnoreCase);

    /// <summary>The user name and password that stand in a URL, decoded; empty where there are none.</summary>
    public static (string Username, string Password) Credentials(Uri url)
    {
        var parts = url.UserInfo.Split(':', 2);
        return (Uri.UnescapeDataString(parts[0]), parts.Length == 2 ? Uri.UnescapeDataString(parts[1]) : "");
    }

    /// <summary>The URL without the user name and password that may stand in it.</summary>
    public static Uri WithoutCredentials(Uri url) => url.UserInfo.Length == 0 ? url : new UriBuilder(url) { UserName = "", Password = "" }.Uri;

    /// <summary>A text that was meant to be a URL, without what may be a password or a token: what stands before an @ and after a question mark.</summary>
    public static string Printable(string url)
    {
        var at = url.LastIndexOf('@');
        return (at < 0 ? url : "..." + url[at..]).Split('?')[0];
    }
}
