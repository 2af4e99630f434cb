using System.Net;
using EgressAlerts.Dns;
using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>Gives every destination the most trustworthy name there is. Called by the pass alone.</summary>
public sealed class Namer(NamingOptions options, ReverseLookups lookups)
{
    /// <summary>The most that a pass waits for DNS; most names arrive well within it, the others a window later.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly NetworkTable _networks = new(options.Networks);
    private readonly WaitingRoom _waiting = new();

    /// <summary>What waits for a name.</summary>
    public IReadOnlyList<Increment> Waiting => _waiting.Increments;

    public async Task<NamedReading> NameAsync(Reading reading, CancellationToken cancel)
    {
        await LetDnsAnswerAsync(reading, cancel);
        var (seen, settled) = (new List<NamedIncrement>(), new List<NamedIncrement>());
        foreach (var released in _waiting.Release((flow, since) => IsFinal(flow) || reading.Window.End - since >= options.Patience))
            settled.Add(new(released, NameOf(released.Flow)));

        foreach (var increment in reading.Increments)
        {
            var named = new NamedIncrement(increment, NameOf(increment.Flow));
            seen.Add(named);
            if (IsFinal(increment.Flow) || options.Patience == TimeSpan.Zero || !_waiting.TryAdd(increment, reading.Window.End)) settled.Add(named);
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

    /// <summary>Asks about every address at once, then gives the answers a moment.</summary>
    private async Task LetDnsAnswerAsync(Reading reading, CancellationToken cancel)
    {
        var pending = reading.Increments.Concat(_waiting.Increments)
            .Select(increment => increment.Flow)
            .Where(flow => !IsFinal(flow))
            .Select(flow => flow.To.Address!)
            .Distinct()
            .ToList();
        await lookups.SettleAsync(pending, Moment, cancel);
    }

    /// <summary>False while DNS may still say a name.</summary>
    private bool IsFinal(Flow flow) => !NeedsDns(flow, out var address) || lookups.Find(address).State != ReverseState.Pending;

    private bool NeedsDns(Flow flow, out IPAddress address)
    {
        var to = flow.To;
        address = to.Address ?? IPAddress.None;
        return to.Address is not null && to.Service.Length == 0 && to.Sni.Length == 0 && to.Host.Length == 0
            && _networks.Find(address) is null && Special(address) is null;
    }

    /// <summary>The ladder: registry, network, special, sni, host, ptr, ptr_unconfirmed, ip, unknown.</summary>
    private Destination NameOf(Flow flow)
    {
        var to = flow.To;
        var network = to.Address is { } inside ? _networks.Find(inside) : null;

        Destination Named(string name, NameSource source, bool confirmed) =>
            new(name, source, confirmed, network?.Owner ?? "", network?.Name ?? "", network?.Region ?? "");

        if (to.Service.Length > 0) return Named(to.Service, NameSource.Registry, confirmed: true);
        if (network is not null) return Named(network.Name, NameSource.Network, confirmed: true);
        if (to.Address is { } known && Special(known) is { } special) return Named(special, NameSource.Special, confirmed: true);
        if (to.Sni.Length > 0) return Named(to.Sni, NameSource.Sni, confirmed: false);
        if (to.Host.Length > 0) return Named(to.Host, NameSource.Host, confirmed: false);
        if (to.Address is not { } address) return Named(Words.Unknown, NameSource.Unknown, confirmed: false);

        var answer = lookups.Find(address);
        if (answer.State != ReverseState.Named) return Named(address.ToString(), NameSource.Ip, confirmed: false);
        var name = options.Collapse ? NameCollapser.Collapse(answer.Name, address) : answer.Name;
        return Named(name, answer.Confirmed ? NameSource.Ptr : NameSource.PtrUnconfirmed, answer.Confirmed);
    }

    private string? Special(IPAddress address) =>
        SpecialRanges.Find(address) is { } name && !(options.ReversePrivate && name == SpecialRanges.Private) ? name : null;
}
