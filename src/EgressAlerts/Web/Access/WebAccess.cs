using System.Net.Security;
using System.Security.Cryptography;
using EgressAlerts.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Web;

/// <summary>Who may reach the web server, and how: what the file of <c>--web.config.file</c> says now. Any thread.</summary>
/// <remarks>The file, and those that it names, are looked at with each connection and each request. Where they cannot be used, or would take protection away,
/// what they said before stays in use.</remarks>
internal sealed class WebAccess
{
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <summary>How often files that were refused are tried again, because a file may be missing that nobody has named before.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly string? _file;
    private readonly WebMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PasswordCheck _passwords = new();
    private readonly Lock _lock = new();
    private volatile State _state;

    /// <param name="file">Null or empty: everybody may reach the server, without TLS.</param>
    /// <exception cref="ConfigException">The file cannot be used.</exception>
    /// <exception cref="StartException">A file that it names cannot be used.</exception>
    public WebAccess(string? file, WebMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_file, _metrics, _time, _logger) = (file is { Length: > 0 } ? file : null, metrics, time, logger);
        if (_file is null)
        {
            _state = new(new(), null, null, "", null, "", 0);
            return;
        }

        _state = Usable(_file, () => Read(_file, before: null));
    }

    /// <summary>Whether the server speaks TLS. It does not change while the service runs.</summary>
    public bool IsSecure => _state.Tls is not null;

    public string Scheme => IsSecure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;

    /// <summary>How the file stands; null where there is none.</summary>
    public FileStatus? Status
    {
        get
        {
            var state = _state;
            return _file is null ? null : new(_file, state.Stamp?.Written, state.Refusal.Length > 0 && FileStamp.Of(_file) is null, state.Refusal);
        }
    }

    /// <summary>Reads a file and those that it names, as a start does.</summary>
    /// <exception cref="ConfigException">The file cannot be used.</exception>
    /// <exception cref="StartException">A file that it names cannot be used.</exception>
    public static void Check(string file) => Usable(file, () => Tls(WebConfig.Read(file), refused: () => { }));

    /// <summary>Makes a server speak TLS where the file asks for it.</summary>
    public void Secure(ListenOptions listen)
    {
        if (!IsSecure) return;
        PlainHttp.Refuse(listen, HandshakeLimit, () => _metrics.Refused(WebRefusal.PlainHttp));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(Current().Tls!),
            HandshakeTimeout = HandshakeLimit,
        });
    }

    /// <summary>Makes an application answer only those whom the file lets in.</summary>
    public void Guard(IApplicationBuilder app)
    {
        if (_file is not null) app.Use(AnswerAsync);
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var state = Current();
        if (state.Rate?.TryTake() == false)
        {
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, WebRefusal.RateLimit, "There are too many requests: ask less often.\n");
            return;
        }

        foreach (var (name, value) in state.Config.Http.Headers.Where(header => header.Value.Length > 0)) context.Response.Headers[name] = value;
        switch (state.Config.Users.Count == 0 ? PasswordVerdict.Good : await CheckAsync(context, state.Config))
        {
            case PasswordVerdict.Good:
                await next(context);
                break;
            case PasswordVerdict.Busy:
                context.Response.Headers.RetryAfter = "1";
                await RefuseAsync(
                    context, StatusCodes.Status503ServiceUnavailable, WebRefusal.PasswordsBusy, "Too many passwords wait to be checked: try again.\n");
                break;
            default:
                context.Response.Headers.WWWAuthenticate = "Basic realm=\"EgressAlerts\", charset=\"UTF-8\"";
                await RefuseAsync(context, StatusCodes.Status401Unauthorized, WebRefusal.Credentials, "This needs a user name and a password.\n");
                break;
        }
    }

    private Task<PasswordVerdict> CheckAsync(HttpContext context, WebConfig config)
    {
        var given = context.Request.Headers.Authorization;
        return _passwords.CheckAsync(config.Users, given.Count == 1 ? given.ToString() : "", context.RequestAborted);
    }

    private Task RefuseAsync(HttpContext context, int status, WebRefusal reason, string text)
    {
        _metrics.Refused(reason);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>What the files say now, or what they said when they could be used last.</summary>
    private State Current()
    {
        if (_file is null) return _state;
        lock (_lock)
        {
            // Taken before the files are read: a file that is written meanwhile is read again with the next connection.
            var fingerprint = Fingerprint(Hash(_file), _state.Config);
            var isDue = _state.Refusal.Length > 0 && _time.GetElapsedTime(_state.TriedAt) >= Retry;
            if (fingerprint != _state.Fingerprint || isDue) Renew(_file, fingerprint);
            return _state;
        }
    }

    private static T Usable<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new StartException($"--web.config.file: {file} cannot be used: {e.Message}", e);
        }
    }

    /// <returns>Null: the server does not speak TLS.</returns>
    private static SslServerAuthenticationOptions? Tls(WebConfig config, Action refused) =>
        config.Tls.IsOn ? ServerTls.Load(config.Tls, config.Http.IsHttp2On, refused) : null;

    private void Renew(string file, string fingerprint)
    {
        var before = _state;
        try
        {
            _state = Read(file, before);
            EgressAlerts.Log.WebConfigRead(_logger, file);
        }
        catch (Exception e) when (e is ConfigException or InvalidDataException)
        {
            var refusal = e.Message.ReplaceLineEndings("; ");
            _state = before with { Fingerprint = fingerprint, Refusal = refusal, TriedAt = _time.GetTimestamp() };
            if (refusal != before.Refusal) EgressAlerts.Log.WebConfigRefused(_logger, file, refusal);
        }

        _metrics.FileRefused(_state.Refusal.Length > 0);
    }

    /// <summary>What a new file would take away of the protection that there is; null for nothing. A file that is just being written can look like that.
    /// </summary>
    private static string? Weakens(WebConfig next, WebConfig now) =>
        next.Tls.IsOn != now.Tls.IsOn ? "tls_server_config turns TLS on or off, which needs a restart"
        : next.Users.Count == 0 && now.Users.Count > 0 ? "basic_auth_users has no users any more: to open the server to everybody needs a restart"
        : next.Tls.ClientAllowedSans.Count == 0 && now.Tls.ClientAllowedSans.Count > 0 ? "client_allowed_sans has no names any more, which needs a restart"
        : !next.Tls.RequiresClient && now.Tls.RequiresClient ? "client_auth_type does not require certificates any more, which needs a restart"
        : null;

    /// <param name="before">What the files said before; null at the start.</param>
    /// <exception cref="ConfigException">The file cannot be used.</exception>
    /// <exception cref="InvalidDataException">A file that it names cannot be used, or the file would take protection away.</exception>
    private State Read(string file, State? before)
    {
        var (stamp, hash) = (FileStamp.Of(file), Hash(file));
        var config = WebConfig.Read(file);
        if (before is not null && Weakens(config, before.Config) is { } weaker) throw new InvalidDataException(weaker);
        var fingerprint = Fingerprint(hash, config);
        var tls = Tls(config, () => _metrics.Refused(WebRefusal.ClientCertificate));
        var limit = config.RateLimit;
        var rate = limit == before?.Config.RateLimit ? before.Rate
            : limit.Interval > TimeSpan.Zero ? new RequestRate(limit.Interval, limit.Burst, _time)
            : null;
        return new(config, tls, rate, fingerprint, stamp, "", 0);
    }

    /// <summary>Changes with the content of the files. Times of change are too coarse for that: two files written in the same 4 ms have the same.</summary>
    /// <param name="hash">Of the file that names the others.</param>
    private static string Fingerprint(string hash, WebConfig config) => string.Join(' ', config.Tls.Files.Select(Hash).Prepend(hash));

    private static string Hash(string file)
    {
        try
        {
            return new FileInfo(file).Length > WebConfig.MaxBytes ? "too large" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unreadable";
        }
    }

    /// <param name="Tls">Null: the server does not speak TLS.</param>
    /// <param name="Rate">Null: there is no limit.</param>
    /// <param name="Fingerprint">Of the files as they were looked at last.</param>
    /// <param name="Stamp">Of the file that is in use.</param>
    /// <param name="Refusal">Why the files as they are now are not in use; empty where they are.</param>
    /// <param name="TriedAt">When they were refused.</param>
    private sealed record State(
        WebConfig Config, SslServerAuthenticationOptions? Tls, RequestRate? Rate, string Fingerprint, FileStamp? Stamp, string Refusal, long TriedAt);
}
