using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Detection;

/// <summary>A file of addresses, networks and domains to beware of. It is read again when it changes. The pass alone may refresh it.</summary>
/// <remarks>Each line begins with one entry. The rest, behind white space, <c>,</c>, <c>;</c> or <c>#</c>, is a comment. A domain stands for all names below
/// it. Lines of a hosts file (<c>0.0.0.0 name</c>) are understood. An address that is mapped into IPv6 (<c>::ffff:1.2.3.4</c>) stands for its IPv4 address.
/// Lines that are none of these are skipped and counted. So are networks larger than a /8 (IPv6: /16): they must be mistakes.</remarks>
/// <param name="logger">Told when the file cannot be used. The list then matches nothing until the file has changed.</param>
/// <exception cref="InvalidDataException">There is no logger, and the file is no such list. The message says why.</exception>
internal sealed class ThreatList(ThreatListOptions options, ILogger? logger = null)
{
    private const long MaxBytes = 32L << 20;

    private const int LeastPrefixV4 = 8;
    private const int LeastPrefixV6 = 16;

    private readonly WatchedFile<Entries> _file = new(options.File, Read, MaxBytes, new(new([]), [], 0), logger);

    public string Name => options.Name;

    /// <summary>When the list in use was written; null where its file is gone.</summary>
    internal DateTimeOffset? Modified => _file.IsGone ? null : _file.Written;

    internal int Count => _file.Content.Count;

    /// <summary>How many lines were skipped.</summary>
    internal int Skipped => _file.Content.Skipped;

    internal FileStatus Status => _file.Status;

    internal void Refresh(ILogger logger) => _file.Refresh(logger);

    /// <summary>Whether the list in use is too old. A file that is gone or refused does not change its age.</summary>
    internal bool IsExpired(DateTimeOffset now) => options.IsExpired(_file.Written, now);

    /// <summary>The entry that an address is in; null where there is none.</summary>
    internal string? Find(IPAddress address) => _file.Content.Networks.Find(address) is { } found
        ? new IPNetwork(address, found.Length - (address.AddressFamily == AddressFamily.InterNetwork ? 96 : 0)).ToString()
        : null;

    /// <summary>The entry that a name is, or is below; null where there is none.</summary>
    internal string? Find(string host)
    {
        var domains = _file.Content.Domains.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var rest = host.AsSpan(); ; rest = rest[(rest.IndexOf('.') + 1)..])
        {
            if (domains.TryGetValue(rest, out var found)) return found;
            if (!rest.Contains('.')) return null;
        }
    }

    private static Entries Read(string path)
    {
        var (networks, domains, bad, firstBad) = (new List<(IPNetwork, bool)>(), new HashSet<string>(), 0, "");
        foreach (var line in File.ReadLines(path))
        {
            if (Entry(line) is not { Length: > 0 } entry) continue;
            if (Network(entry) is { } network) networks.Add((network, true));
            else if (Domain(entry) is { } domain) domains.Add(domain);
            else if (bad++ == 0) firstBad = QuotedText.Of(entry, 40);
        }

        // Most lists have some bad lines. A file with more bad lines than good ones is something else.
        return bad <= networks.Count + domains.Count
            ? new(new PrefixTable<bool>(networks), domains, bad)
            : throw new InvalidDataException($"{path} holds {bad} lines that are neither address, network nor domain, such as '{firstBad}'");
    }

    private static string Entry(string line)
    {
        var end = line.AsSpan().IndexOfAny("#;,");
        var words = (end < 0 ? line : line[..end]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            [] => "",
            ["0.0.0.0" or "127.0.0.1" or "::", var host, ..] => host,
            [var first, ..] => first,
        };
    }

    private static IPNetwork? Network(string entry)
    {
        var text = entry.Split('/');
        if (!IPAddress.TryParse(text[0], out var address) || text.Length > 2) return null;
        var length = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        if (text.Length == 2 && !int.TryParse(text[1], NumberStyles.None, CultureInfo.InvariantCulture, out length)) return null;
        if (address.IsIPv4MappedToIPv6) (address, length) = (address.MapToIPv4(), length - 96);
        var isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        if (length < (isV4 ? LeastPrefixV4 : LeastPrefixV6) || length > (isV4 ? 32 : 128)) return null;
        return new IPNetwork(address, length);
    }

    private static string? Domain(string entry)
    {
        var host = LabelText.Host(entry.StartsWith("*.", StringComparison.Ordinal) ? entry[2..] : entry.TrimStart('.'));
        return host != LabelValues.Invalid && host.Contains('.', StringComparison.Ordinal) && !host.EndsWith('.') && !char.IsAsciiDigit(host[^1]) ? host : null;
    }

    private sealed record Entries(PrefixTable<bool> Networks, HashSet<string> Domains, int Skipped)
    {
        public int Count => Networks.Count + Domains.Count;
    }
}
