using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>Finds the most trustworthy name of a destination. The rungs are registry, network, special, sni, host, ptr, ptr_unconfirmed, ip, unknown.</summary>
/// <remarks>Any thread may look names up. The pass alone calls <see cref="Refresh"/>.</remarks>
internal sealed class NameLadder
{
    private const int MappedBits = 96;

    private static readonly NetworkName Nowhere = new("", "", "");

    private readonly NamingOptions _options;
    private readonly Lookups _lookups;
    private readonly NetworkTable _networks;
    private readonly IReadOnlyList<WatchedFile<NetworkTable>> _networkFiles;
    private readonly IReadOnlyList<GeoSource> _geoFiles;
    private readonly SuffixSource _suffixes;
    private readonly ClaimCheck _claims;

    public NameLadder(NamingOptions options, Lookups lookups, ILogger logger)
    {
        (_options, _lookups, _networks) = (options, lookups, new(options.Networks.SelectMany(entry => entry.Networks)));
        _networkFiles = [.. options.NetworkFiles.Select(file => new WatchedFile<NetworkTable>(file, NetworkFile.Read, long.MaxValue, new([]), logger))];
        _geoFiles = [.. options.GeoFiles.Select(file => new GeoSource(file, logger))];
        _suffixes = new(options.PublicSuffixList, logger);
        _claims = new(lookups, Geo, () => _suffixes.Suffixes, mayRefute: !options.IsPast);
    }

    /// <summary>False where there is no Public Suffix List, so that registrable domains are guessed.</summary>
    public bool HasSuffixList => _suffixes.Suffixes.IsList;

    /// <summary>How the files stand that are read. Any thread.</summary>
    public IReadOnlyList<FileStatus> Files =>
        [.. _networkFiles.Select(file => file.Status), .. _geoFiles.Select(file => file.Status), _suffixes.Status];

    /// <summary>Reads files anew that have changed.</summary>
    public void Refresh(ILogger logger)
    {
        foreach (var file in _networkFiles) file.Refresh(logger);
        foreach (var file in _geoFiles) file.Refresh(logger);
        _suffixes.Refresh(logger);
    }

    /// <param name="weight">How much depends on the name. DNS is asked first about what weighs most.</param>
    /// <param name="open">Gets the questions that DNS has not answered yet. There are none where the name is final.</param>
    /// <param name="trace">Told what each rung says; null where nobody wants to know.</param>
    public FoundName Find(RawDestination to, double weight, List<Question> open, NameTrace? trace = null)
    {
        var network = to.Address is { } inside ? Network(inside) : null;
        var about = network ?? (to.Address is { } outside ? Geo(outside) : Nowhere);

        var isChosen = IsChosenByClient(to);
        trace?.Registry(to, isTaken: to.Service.Length > 0 && !isChosen);
        if (isChosen) return UnderWildcard(to, about, weight, open, trace);
        if (to.Service.Length > 0) return Named(to.Service, NameSource.Registry, confirmed: true, about);
        trace?.Network(to, network);
        if (network is not null) return Named(network.Name, NameSource.Network, confirmed: true, about);
        var special = to.Address is { } known ? Special(known) : null;
        trace?.Special(to, special);
        if (special is not null) return Named(special, NameSource.Special, confirmed: true, about);
        var (claim, source) = ClaimOf(to);
        var verdict = claim.Length == 0 ? Verdict.Nothing
            : _options.CheckClaims && to.Address is { } used ? _claims.Evaluate(claim, used, weight, open)
            : Verdict.Unknown;
        trace?.Claim(to, verdict, _options.CheckClaims);
        if (verdict.Standing is Standing.Unknown or Standing.Open or Standing.Confirmed)
            return Named(claim, source, verdict.Standing == Standing.Confirmed, about, isFinal: verdict.Standing != Standing.Open);
        var found = to.Address is { } address ? ByAddress(address, about, weight, open, trace) : Unnamed(about, trace);
        return found with { Refuted = verdict.Standing == Standing.Refuted ? new(claim, source, verdict.Evidence) : null };
    }

    private static (string Name, NameSource Source) ClaimOf(RawDestination to) =>
        to.Sni.Length > 0 ? (to.Sni, NameSource.Sni) : (to.Host, NameSource.Host);

    /// <summary>Whether a wildcard entry let it out, and the client has said to which of the hosts below it.</summary>
    private static bool IsChosenByClient(RawDestination to) =>
        to.Service.StartsWith("*.", StringComparison.Ordinal) && ClaimOf(to).Name.EndsWith(to.Service[1..], StringComparison.Ordinal);

    /// <summary>The mesh vouches for the wildcard only. With <c>DYNAMIC_DNS</c> the proxy looks the claimed host up itself, and the address that the client has
    /// dialled is one that Istio allots.</summary>
    private FoundName UnderWildcard(RawDestination to, NetworkName about, double weight, List<Question> open, NameTrace? trace)
    {
        var (claim, source) = ClaimOf(to);
        var verdict = _options.CheckClaims && to.Address is { } used && SpecialRanges.Find(used) is null
            ? _claims.Evaluate(claim, used, weight, open)
            : Verdict.Unknown;
        trace?.Claim(to, verdict, _options.CheckClaims);
        if (verdict.Standing is Standing.Unknown or Standing.Open or Standing.Confirmed)
            return Named(claim, source, verdict.Standing == Standing.Confirmed, about, isFinal: verdict.Standing != Standing.Open);
        trace?.Registry(to, isTaken: true);
        return Named(to.Service, NameSource.Registry, confirmed: true, about) with
        {
            Refuted = verdict.Standing == Standing.Refuted ? new(claim, source, verdict.Evidence) : null,
        };
    }

    private FoundName Unnamed(NetworkName about, NameTrace? trace)
    {
        trace?.Unknown();
        return Named(LabelValues.Unknown, NameSource.Unknown, confirmed: false, about);
    }

    private FoundName ByAddress(IPAddress address, NetworkName about, double weight, List<Question> open, NameTrace? trace)
    {
        var answer = _lookups.Find(address, weight);
        trace?.Reverse(address, answer);
        if (answer.State == AnswerState.Pending) open.Add(Question.NameOf(address));
        if (answer.State != AnswerState.Present)
            return Named(address.ToString(), NameSource.Ip, confirmed: false, about, isFinal: answer.State == AnswerState.Absent);
        var name = _options.Collapse ? NameCollapser.Collapse(answer.Name, address) : answer.Name;
        return Named(name, answer.Confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, answer.Confirmed, about);
    }

    private FoundName Named(string name, NameSource source, bool confirmed, NetworkName about, bool isFinal = true)
    {
        var suffixes = _suffixes.Suffixes;
        var (domain, site) = IsHost(source) ? (suffixes.DomainOf(name), suffixes.OwnerOf(name)) : ("", "");
        return new(new(name, source, confirmed, about.Owner, about.Name, about.Region, domain, site.Length > 0 ? site : domain), isFinal);
    }

    private static bool IsHost(NameSource source) =>
        source is NameSource.Registry or NameSource.Sni or NameSource.Host or NameSource.Ptr or NameSource.PtrUnconfirmed;

    /// <summary>The most specific network of the user's or of a file that holds the address. Null where none does. Any thread.</summary>
    public IPNetwork? NetworkOf(IPAddress address) => FindNetwork(address) is { } found
        ? new IPNetwork(address, found.Length - (address.AddressFamily == AddressFamily.InterNetwork ? MappedBits : 0))
        : null;

    private NetworkName? Network(IPAddress address) => FindNetwork(address)?.Value;

    /// <summary>The most specific of all networks that hold the address, and the length of its prefix among 128 bits.</summary>
    private (NetworkName Value, int Length)? FindNetwork(IPAddress address)
    {
        var best = _networks.Find(address);
        foreach (var file in _networkFiles)
        {
            if (file.Content.Find(address) is { } found && (best is not { } other || found.Length > other.Length)) best = found;
        }

        return best;
    }

    /// <summary>What the databases say. A later one adds only what those before it do not know.</summary>
    private NetworkName Geo(IPAddress address)
    {
        var found = Nowhere;
        foreach (var file in _geoFiles)
        {
            if (file.Find(address) is not { } record) continue;
            if (found.Name.Length == 0 && record.Asn > 0)
                found = found with { Name = string.Create(CultureInfo.InvariantCulture, $"AS{record.Asn}"), Owner = record.Organisation ?? "" };
            if (found.Region.Length == 0) found = found with { Region = record.Country };
        }

        return found;
    }

    private string? Special(IPAddress address) =>
        SpecialRanges.Find(address) is { } name && !(_options.ReversePrivate && name == SpecialRanges.Private) ? name : null;
}

/// <summary>The best name of a destination that is known now.</summary>
/// <param name="IsFinal">False while DNS may still change it.</param>
internal readonly record struct FoundName(Destination Destination, bool IsFinal, RefutedClaim? Refuted = null)
{
    public NamedIncrement Named(Increment increment, NameStage stage, DateTimeOffset? seenAt = null) => new(increment, Destination, Refuted, stage, seenAt);
}
