using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using EgressAlerts.Dns;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>Gives every destination the most trustworthy name there is. Called by the pass alone.</summary>
public sealed class Namer(NamingOptions options, ReverseLookups lookups, ILogger<Namer> logger)
{
    /// <summary>The most that a pass waits for DNS; most names arrive well within it, the others a window later.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private static readonly NetworkName Nowhere = new("", "", "");

    private readonly NetworkTable _networks = new(options.Networks);
    private readonly WaitingRoom _waiting = new();

    /// <summary>What waits for a name.</summary>
    public IReadOnlyList<Increment> Waiting => _waiting.Increments;

    public async Task<NamedReading> NameAsync(Reading reading, CancellationToken cancel)
    {
        foreach (var file in options.NetworkFiles) file.Refresh(logger);
        foreach (var file in options.GeoFiles) file.Refresh(logger);

        // Many increments are about one destination: each is judged once a window.
        var weights = new Dictionary<RawDestination, double>();
        foreach (var increment in reading.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        foreach (var increment in _waiting.Increments) CollectionsMarshal.GetValueRefOrAddDefault(weights, increment.Flow.To, out _) += Weight(increment);
        await LetDnsAnswerAsync(weights, cancel);
        var names = new Dictionary<RawDestination, (Destination Destination, bool IsFinal)>(weights.Count);
        foreach (var to in weights.Keys) names.Add(to, NameOf(to));

        var (seen, settled) = (new List<NamedIncrement>(reading.Increments.Count), new List<NamedIncrement>(reading.Increments.Count));
        foreach (var released in _waiting.Release((flow, since) => names[flow.To].IsFinal || reading.Window.End - since >= options.Patience))
            settled.Add(new(released, names[released.Flow.To].Destination));

        foreach (var increment in reading.Increments)
        {
            var (destination, isFinal) = names[increment.Flow.To];
            var named = new NamedIncrement(increment, destination);
            seen.Add(named);
            if (isFinal || options.Patience == TimeSpan.Zero || !_waiting.TryAdd(increment, reading.Window.End)) settled.Add(named);
        }

        return new NamedReading(reading, seen, settled, Waiting);
    }

    public void Save(BinaryWriter to)
    {
        lookups.Save(to);
        _waiting.Save(to);
    }

    public void Load(BinaryReader from)
    {
        lookups.Load(from);
        _waiting.Load(from);
    }

    /// <summary>What was refused carries nothing and is wanted first; else what carries most.</summary>
    private static double Weight(Increment increment) => increment.Flow.Route == Route.Blocked ? double.MaxValue / 1e9 : increment.Amount;

    /// <summary>Asks about every address at once, then gives the answers a moment.</summary>
    private async Task LetDnsAnswerAsync(Dictionary<RawDestination, double> weights, CancellationToken cancel)
    {
        var pending = new List<IPAddress>();
        foreach (var (to, weight) in weights)
        {
            if (NeedsDns(to) && lookups.Find(to.Address!, weight).State == ReverseState.Pending) pending.Add(to.Address!);
        }

        if (pending.Count > 0) await lookups.SettleAsync(pending, Moment, cancel);
    }

    private bool NeedsDns(RawDestination to) => to.Address is not null && to.Service.Length == 0 && to.Sni.Length == 0 && to.Host.Length == 0
        && Network(to.Address) is null && Special(to.Address) is null;

    /// <summary>The ladder: registry, network, special, sni, host, ptr, ptr_unconfirmed, ip, unknown. Not final while DNS may still say a name.</summary>
    private (Destination Destination, bool IsFinal) NameOf(RawDestination to)
    {
        var network = to.Address is { } inside ? Network(inside) : null;
        var about = network ?? (to.Address is { } outside ? Geo(outside) : Nowhere);

        (Destination, bool) Named(string name, NameSource source, bool confirmed, bool isFinal = true) =>
            (new(name, source, confirmed, about.Owner, about.Name, about.Region), isFinal);

        if (to.Service.Length > 0) return Named(to.Service, NameSource.Registry, confirmed: true);
        if (network is not null) return Named(network.Name, NameSource.Network, confirmed: true);
        if (to.Address is { } known && Special(known) is { } special) return Named(special, NameSource.Special, confirmed: true);
        if (to.Sni.Length > 0) return Named(to.Sni, NameSource.Sni, confirmed: false);
        if (to.Host.Length > 0) return Named(to.Host, NameSource.Host, confirmed: false);
        if (to.Address is not { } address) return Named(Words.Unknown, NameSource.Unknown, confirmed: false);

        var answer = lookups.Find(address);
        if (answer.State != ReverseState.Named) return Named(address.ToString(), NameSource.Ip, confirmed: false, isFinal: answer.State != ReverseState.Pending);
        var name = options.Collapse ? NameCollapser.Collapse(answer.Name, address) : answer.Name;
        return Named(name, answer.Confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, answer.Confirmed);
    }

    /// <summary>The most specific of all networks that hold the address.</summary>
    private NetworkName? Network(IPAddress address)
    {
        var best = _networks.Find(address);
        foreach (var file in options.NetworkFiles)
        {
            if (file.Table.Find(address) is { } found && (best is not { } other || found.Length > other.Length)) best = found;
        }

        return best?.Name;
    }

    /// <summary>What the databases say, each about what those before it do not know.</summary>
    private NetworkName Geo(IPAddress address)
    {
        var found = Nowhere;
        foreach (var file in options.GeoFiles)
        {
            var (asn, organisation, country) = file.Db.Find(address);
            if (found.Name.Length == 0 && asn > 0) found = found with { Name = string.Create(CultureInfo.InvariantCulture, $"AS{asn}"), Owner = organisation };
            if (found.Region.Length == 0) found = found with { Region = country };
        }

        return found;
    }

    private string? Special(IPAddress address) =>
        SpecialRanges.Find(address) is { } name && !(options.ReversePrivate && name == SpecialRanges.Private) ? name : null;
}
