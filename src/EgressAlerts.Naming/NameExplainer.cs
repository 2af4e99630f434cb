using System.Net;
using System.Net.Sockets;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;

namespace EgressAlerts.Naming;

/// <summary>Says how the ladder names a destination with the answers that DNS has given so far. Any thread.</summary>
internal sealed class NameExplainer(NameLadder ladder, Lookups lookups, bool checksClaims)
{
    private const int MaxShown = 8;

    public NameExplanation Explain(RawDestination to)
    {
        var trace = new NameTrace();
        var found = ladder.Find(to, weight: 0, [], trace);
        var isByDefinition = found.Destination.Source is NameSource.Registry or NameSource.Network or NameSource.Special;
        return new(found.Destination, found.IsFinal, found.Refuted, trace.Rungs, isByDefinition || to.Address is null ? [] : [.. Facts(to, to.Address)]);
    }

    private IEnumerable<DnsFact> Facts(RawDestination to, IPAddress address)
    {
        var reverse = lookups.Find(address);
        yield return new($"PTR {address}", reverse.State switch
        {
            AnswerState.Pending => "no answer yet",
            AnswerState.Absent => "there is no name",
            _ => $"{reverse.Name}, which {(reverse.Confirmed ? "resolves" : "does not resolve")} back",
        });
        var claim = to.Sni.Length > 0 ? to.Sni : to.Host;
        if (!checksClaims || !ClaimCheck.CanBeAsked(claim) || IPAddress.TryParse(claim, out _)) yield break;
        var answer = lookups.Resolve(claim, address.AddressFamily);
        yield return new($"{(address.AddressFamily == AddressFamily.InterNetwork ? "A" : "AAAA")} {claim}", answer.State switch
        {
            AnswerState.Pending => "no answer yet",
            AnswerState.Absent => "there is no such address",
            _ => Shown([.. answer.Addresses]) + (answer.Has(address) ? $"; {address} was among its addresses within a day" : $"; not {address}"),
        });
    }

    private static string Shown(IReadOnlyList<IPAddress> addresses)
    {
        var more = addresses.Count - MaxShown;
        return string.Join(", ", addresses.Take(MaxShown)) + (more > 0 ? FormattableString.Invariant($" and {more} others") : "");
    }
}
