using System.Text.RegularExpressions;
using EgressAlerts.Common;

namespace EgressAlerts.Web;

/// <summary>The file of <c>--web.config.file</c>, under the names of Prometheus' exporter toolkit.</summary>
internal sealed partial record WebConfig : ICheckedOptions
{
    /// <summary>Of this file, and of each that it names.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>A check takes twice as long with each step: about a tenth of a second with 10, several seconds with 16.</summary>
    private const int MaxCost = 16;

    [Key("tls_server_config")]
    public TlsServerOptions Tls { get; init; } = new();

    [Key("http_server_config")]
    public HttpServerOptions Http { get; init; } = new();

    /// <summary>The users that may read everything, each with a bcrypt hash of the password. Empty: everybody may.</summary>
    [Key("basic_auth_users"), UserName]
    public IReadOnlyDictionary<string, string> Users { get; init; } = new Dictionary<string, string>();

    public RateLimitOptions RateLimit { get; init; } = new();

    /// <summary>Reads the file. The names of files in it are relative to it.</summary>
    /// <exception cref="ConfigException">The file cannot be used; the message names each wrong key with its line.</exception>
    public static WebConfig Read(string file)
    {
        if (FileStamp.Of(file)?.Length > MaxBytes) throw new ConfigException([new(file, 0, "the file is larger than 1 MiB")]);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return new OptionsBinder(file).Read(new WebConfig { Tls = new() { Folder = folder } });
    }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        foreach (var (user, hash) in Users)
        {
            // A path of keys is split at its dots.
            var (key, whose) = user.Contains('.', StringComparison.Ordinal) ? ("basic_auth_users", $"of '{user}' ") : ($"basic_auth_users.{user}", "");
            if (CostOf(hash) is not { } cost)
                yield return (key, $"{whose}is not a bcrypt hash such as $2y$10$... with 53 characters after the cost: htpasswd -nBC 10 \"\" makes one");
            else if (cost > MaxCost)
                yield return (key, $"{whose}has the cost {cost}, which takes too long to check: make a hash with a cost of at most {MaxCost}, such as 10");
        }
    }

    /// <summary>How costly a bcrypt hash is to check: the number of rounds is 2 to this power. Null where the text is no such hash.</summary>
    public static int? CostOf(string hash) =>
        BcryptPattern().Match(hash) is { Success: true } match ? int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"^\$2[aby]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}\z")]
    private static partial Regex BcryptPattern();
}

/// <summary>The section <c>http_server_config</c>.</summary>
internal sealed record HttpServerOptions : ICheckedOptions
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["X-Content-Type-Options"] = ["nosniff"],
        ["X-Frame-Options"] = ["deny", "sameorigin"],
    };

    /// <summary>Whether connections over TLS may use HTTP/2. Without TLS it is never used.</summary>
    [Key("http2")]
    public bool IsHttp2On { get; init; } = true;

    /// <summary>Headers of every answer. They win over those that the service sets itself. An empty one is left as the service sets it.</summary>
    [OneOf("Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection")]
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        foreach (var (name, value) in Headers)
        {
            if (Allowed.TryGetValue(name, out var values) && !values.Contains(value))
                yield return ($"headers.{name}", $"is none of {string.Join(", ", values)}");
            else if (!HttpText.IsHeaderValue(value))
                yield return ($"headers.{name}", "holds a line feed or another character that no header may have");
        }
    }
}

/// <summary>The section <c>rate_limit</c>.</summary>
internal sealed record RateLimitOptions : ICheckedOptions
{
    /// <summary>How often a request is let through; 0: there is no limit.</summary>
    [Duration("0s", "1h")]
    public TimeSpan Interval { get; init; }

    /// <summary>How many requests may come at once.</summary>
    [Count(0, 1_000_000)]
    public int Burst { get; init; }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven)
    {
        if (Interval > TimeSpan.Zero && Burst == 0)
            yield return ("burst", "is missing or 0, so nobody would be answered: write how many requests may come at once");
    }
}

/// <summary>The name of a user of basic auth.</summary>
internal sealed class UserNameAttribute() : ValueAttribute("text", "is not a user name: it is empty, or holds a colon or a control character")
{
    public override object? Parse(string text) => text.Length > 0 && HttpText.IsUsername(text) ? text : null;
}
