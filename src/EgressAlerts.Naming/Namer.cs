using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>Gives every destination the most trustworthy name there is. Called by the pass alone.</summary>
public sealed class Namer
{
    /// <summary>The most that a pass waits for DNS; most names arrive well within it, the others a window later.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    /// <summary>A claim may need three answers, one after the other: of the name, of the address, of the name's addresses.</summary>
    private const int MaxRounds = 4;

    /// <summary>So many destinations are looked up at a time: their questions fit into the queue.</summary>
    private const int MaxResolved = 5_000;

    private static readonly NetworkName Nowhere = new("", "", "");

    private readonly NamingOptions _options;
    private readonly Lookups _lookups;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly NetworkTable _networks;
    private readonly IReadOnlyList<WatchedFile<NetworkTable>> _networkFiles;
    private readonly IReadOnlyList<GeoSource> _geoFiles;
    private readonly SuffixSource _suffixes;
    private readonly ClaimCheck _claims;
    private readonly WaitingRoom _waiting;

    public Namer(NamingOptions options, Lookups lookups, StoredState state, TimeProvider time, ILogger<Namer> logger)
    {
        (_options, _lookups, _time, _logger) = (options, lookups, time, logger);
        _waiting = new(state);
        _networks = new(options.Networks.SelectMany(entry => entry.Networks));
        _networkFiles = [.. options.NetworkFiles.Select(file => new WatchedFile<NetworkTable>(file, NetworkFile.Read, long.MaxValue, new([]), logger))];
        _geoFiles = [.. options.GeoFiles.Select(file => new GeoSource(file, logger))];
        _suffixes = new(options.PublicSuffixList, logger);
        _claims = new(lookups, Geo, () => _suffixes.Suffixes, mayRefute: !options.IsPast);
        if (!_suffixes.Suffixes.IsList) Log.NoSuffixList(logger, options.PublicSuffixList);
    }

    /// <summary>What waits for a name.</summary>
    public IReadOnlyList<Increment> Waiting => _waiting.Increments;

    /// <summary>Names everything that a window showed, and what earlier windows left waiting. Takes a second at most, whatever DNS does.</summary>
    public async Task<NamedReading> NameAsync(Reading reading, CancellationToken cancel)
    {
        foreach (var file in _networkFiles) file.Refresh(_logger);
        foreach (var file in _geoFiles) file.Refresh(_logger);
        _suffixes.Refresh(_logger);

        // Many increments are about one destination: each is judged once a window.
        var weights = new Dictionary<RawDestination, double>();
        foreach (var increment in reading.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        foreach (var increment in _waiting.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        var names = await JudgeAsync(weights, _options.IsPast ? TimeSpan.Zero : Moment, cancel);

        var (seen, settled) = (new List<NamedIncrement>(reading.Increments.Count), new List<NamedIncrement>(reading.Increments.Count));
        foreach (var released in _waiting.Release((flow, since) => names[flow.To].IsFinal || reading.Window.End - since >= _options.Patience))
            settled.Add(names[released.Flow.To].Named(released));

        foreach (var increment in reading.Increments)
        {
            var judged = names[increment.Flow.To];
            var named = judged.Named(increment);
            seen.Add(named);
            if (judged.IsFinal || _options.Patience == TimeSpan.Zero || !_waiting.TryAdd(increment, reading.Window.End)) settled.Add(named);
        }

        return new NamedReading(reading, seen, settled, Waiting);
    }

    /// <summary>The best names that are known now, or within a moment, of destinations that nothing waits for.</summary>
    public async Task<IReadOnlyDictionary<RawDestination, Destination>> NameAsync(IEnumerable<RawDestination> destinations, CancellationToken cancel)
    {
        var names = await JudgeAsync(destinations.Distinct().ToDictionary(to => to, _ => 0.0), Moment, cancel);
        return names.ToDictionary(name => name.Key, name => name.Value.Destination);
    }

    /// <summary>Looks names up that windows will ask for, however long DNS takes. Where it does not answer, they stay unknown.</summary>
    public async Task ResolveAsync(IEnumerable<RawDestination> destinations, CancellationToken cancel)
    {
        foreach (var some in destinations.Distinct().Chunk(MaxResolved))
            await JudgeAsync(some.ToDictionary(to => to, _ => 0.0), Timeout.InfiniteTimeSpan, cancel);
    }

    /// <summary>What was refused carries nothing and is wanted first; else what carries most.</summary>
    private static double Weight(Increment increment) => increment.Flow.Route == Route.Blocked ? double.MaxValue / 1e9 : increment.Amount;

    /// <summary>Names every destination, and gives DNS so long to answer what is open.</summary>
    private async Task<Dictionary<RawDestination, Judged>> JudgeAsync(Dictionary<RawDestination, double> weights, TimeSpan most, CancellationToken cancel)
    {
        var names = new Dictionary<RawDestination, Judged>(weights.Count);
        using var moment = new CancellationTokenSource(most, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, moment.Token);
        IReadOnlyCollection<RawDestination> toJudge = weights.Keys;
        for (var round = 0; ; round++)
        {
            var (questions, open) = (new List<Question>(), new List<RawDestination>());
            foreach (var to in toJudge)
            {
                var before = questions.Count;
                names[to] = NameOf(to, round == 0 ? weights[to] : 0, questions);
                if (questions.Count > before) open.Add(to);
            }

            if (open.Count == 0 || moment.IsCancellationRequested || round == MaxRounds) return names;
            toJudge = open;
            try
            {
                await _lookups.SettleAsync(questions, Timeout.InfiniteTimeSpan, either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // The moment is over. A last round takes what was answered by now; the next window finds the rest.
            }
        }
    }

    /// <summary>The ladder: registry, network, special, sni, host, ptr, ptr_unconfirmed, ip, unknown. Not final while DNS may still change it.</summary>
    private Judged NameOf(RawDestination to, double weight, List<Question> open)
    {
        var network = to.Address is { } inside ? Network(inside) : null;
        var about = network ?? (to.Address is { } outside ? Geo(outside) : Nowhere);

        if (to.Service.Length > 0) return Named(to.Service, NameSource.Registry, confirmed: true, about);
        if (network is not null) return Named(network.Name, NameSource.Network, confirmed: true, about);
        if (to.Address is { } known && Special(known) is { } special) return Named(special, NameSource.Special, confirmed: true, about);
        var (claim, source) = to.Sni.Length > 0 ? (to.Sni, NameSource.Sni) : (to.Host, NameSource.Host);
        if (to.Address is not { } address) return claim.Length > 0 ? Named(claim, source, confirmed: false, about) : Named(Words.Unknown, NameSource.Unknown, confirmed: false, about);

        var verdict = claim.Length == 0 ? Verdict.Nothing : _options.CheckClaims ? _claims.Judge(claim, address, weight, open) : Verdict.Unknown;
        if (verdict.Standing is Standing.Unknown or Standing.Open or Standing.Confirmed)
            return Named(claim, source, verdict.Standing == Standing.Confirmed, about, isFinal: verdict.Standing != Standing.Open);
        return ByAddress(address, about, weight, open) with { Refuted = verdict.Standing == Standing.Refuted ? new(claim, source, verdict.Evidence) : null };
    }

    private Judged ByAddress(IPAddress address, NetworkName about, double weight, List<Question> open)
    {
        var answer = _lookups.Find(address, weight);
        if (answer.State == AnswerState.Pending) open.Add(Question.NameOf(address));
        if (answer.State != AnswerState.Present)
            return Named(address.ToString(), NameSource.Ip, confirmed: false, about, isFinal: answer.State == AnswerState.Absent);
        var name = _options.Collapse ? NameCollapser.Collapse(answer.Name, address) : answer.Name;
        return Named(name, answer.Confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, answer.Confirmed, about);
    }

    private Judged Named(string name, NameSource source, bool confirmed, NetworkName about, bool isFinal = true)
    {
        var suffixes = _suffixes.Suffixes;
        var (domain, site) = IsHost(source) ? (suffixes.DomainOf(name), suffixes.OwnerOf(name)) : ("", "");
        return new(new(name, source, confirmed, about.Owner, about.Name, about.Region, domain, site.Length > 0 ? site : domain), isFinal);
    }

    private static bool IsHost(NameSource source) => source is NameSource.Registry or NameSource.Sni or NameSource.Host or NameSource.Ptr or NameSource.PtrUnconfirmed;

    /// <summary>The most specific of all networks that hold the address.</summary>
    private NetworkName? Network(IPAddress address)
    {
        var best = _networks.Find(address);
        foreach (var file in _networkFiles)
        {
            if (file.Content.Find(address) is { } found && (best is not { } other || found.Length > other.Length)) best = found;
        }

        return best?.Value;
    }

    /// <summary>What the databases say, each about what those before it do not know.</summary>
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

    /// <summary>What is thought of a destination now.</summary>
    private readonly record struct Judged(Destination Destination, bool IsFinal, RefutedClaim? Refuted = null)
    {
        public NamedIncrement Named(Increment increment) => new(increment, Destination, Refuted);
    }
}
