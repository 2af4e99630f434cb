using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Common;
using Bcrypt = BCrypt.Net.BCrypt;

namespace EgressAlerts.Web;

/// <summary>What came of a check.</summary>
internal enum PasswordVerdict
{
    Good,
    Wrong,

    /// <summary>Too many checks wait, so this one was not made.</summary>
    Busy,
}

/// <summary>Checks user names and passwords of HTTP's basic auth against bcrypt hashes. Any thread.</summary>
/// <remarks>A hash is costly by design, so strangers could keep all cores busy with wrong passwords. One check runs at a time, and a few more wait.
/// A password that was right is known from then on and never waits. One that was wrong is not remembered: wrong ones would push out the right ones.</remarks>
internal sealed class PasswordCheck
{
    internal const int MaxWaiting = 16;
    internal const int MaxKnown = 100;

    private const string Scheme = "Basic ";

    /// <summary>Salt and checksum of a hash that no password has to fit.</summary>
    private static readonly string Nobody = new('.', 53);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = [];
    private int _waiting;

    /// <summary>The check that began last. The next one begins when it has ended.</summary>
    private Task<bool> _last = Task.FromResult(false);

    /// <summary>How many hashes were computed.</summary>
    internal int Checks { get; private set; }

    /// <param name="users">The hash of each user's password; at least one.</param>
    /// <param name="authorization">The header Authorization; empty where there is none.</param>
    public async Task<PasswordVerdict> CheckAsync(IReadOnlyDictionary<string, string> users, string authorization, CancellationToken cancel)
    {
        if (!TryRead(authorization, out var user, out var password)) return PasswordVerdict.Wrong;

        // Who is no user costs as much time as a user with a wrong password, so nobody learns from the time which users there are.
        var isUser = users.TryGetValue(user, out var hash);
        hash ??= FormattableString.Invariant($"$2b${users.Values.Max(WebConfig.CostOf):00}${Nobody}");
        var fingerprint = Fingerprint(user, hash, password);
        lock (_lock)
        {
            if (_known.Contains(fingerprint)) return PasswordVerdict.Good;
        }

        if (Begin(password, hash, cancel) is not { } check) return PasswordVerdict.Busy;
        if (!await check || !isUser) return PasswordVerdict.Wrong;
        Remember(fingerprint);
        return PasswordVerdict.Good;
    }

    /// <summary>Null where too many checks wait.</summary>
    private Task<bool>? Begin(string password, string hash, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_waiting > MaxWaiting) return null;
            _waiting++;
            return _last = FitsAsync(_last, password, hash, cancel);
        }
    }

    private async Task<bool> FitsAsync(Task before, string password, string hash, CancellationToken cancel)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            if (cancel.IsCancellationRequested) return false; // Nobody waits for the answer any more.
            Checks++;
            return await Task.Run(() => Fits(password, hash), CancellationToken.None);
        }
        finally
        {
            lock (_lock) _waiting--;
        }
    }

    private static bool Fits(string password, string hash)
    {
        try
        {
            return Bcrypt.Verify(password, hash);
        }
        catch (Exception e) when (e is BCrypt.Net.SaltParseException or ArgumentException or BCrypt.Net.BcryptAuthenticationException)
        {
            return false;
        }
    }

    private void Remember(string fingerprint)
    {
        lock (_lock)
        {
            // Right passwords are few. More come only from a person who knows one, since bcrypt ignores what lies behind its 72nd byte.
            if (_known.Count == MaxKnown) _known.Clear();
            _known.Add(fingerprint);
        }
    }

    /// <summary>Tells user, hash and password together from all others, without keeping the password. It differs in each process.</summary>
    private string Fingerprint(string user, string hash, string password) =>
        Convert.ToHexString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{user.Length}:{user}{hash}{password}")));

    /// <summary>Reads the credentials of RFC 7617.</summary>
    private static bool TryRead(string authorization, [NotNullWhen(true)] out string? user, [NotNullWhen(true)] out string? password)
    {
        (user, password) = (null, null);
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[Scheme.Length..], bytes, out var length)) return false;
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return false;
        (user, password) = (text[..colon], text[(colon + 1)..]);
        return true;
    }
}
