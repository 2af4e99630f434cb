using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;

namespace EgressAlerts.Naming;

/// <summary>Writes down what each rung of <see cref="NameLadder"/> says about one destination, from the first to the one that names it.</summary>
internal sealed class NameTrace
{
    private readonly List<NameRung> _rungs = [];

    public IReadOnlyList<NameRung> Rungs => _rungs;

    public void Registry(RawDestination to, bool isTaken) => Add(
        NameSource.Registry,
        isTaken,
        $"the mesh says that {to.Service} is the host of a ServiceEntry",
        to.Service.Length > 0 ? $"the ServiceEntry has the wildcard {to.Service}, and the client chooses the host below it" : "the mesh names no ServiceEntry");

    public void Network(RawDestination to, NetworkName? network) => Add(
        NameSource.Network, network is not null, $"{to.Address} is in your network {network?.Name}",
        to.Address is null ? "there is no address" : $"{to.Address} is in none of your networks");

    public void Special(RawDestination to, string? special) => Add(
        NameSource.Special, special is not null, $"{to.Address} is {special} by definition",
        to.Address is null ? "there is no address" : $"{to.Address} is in no special range whose name is used");

    /// <param name="isChecked">Whether claims are compared with DNS.</param>
    public void Claim(RawDestination to, Verdict verdict, bool isChecked)
    {
        var (hasSni, hasHost) = (to.Sni.Length > 0, to.Host.Length > 0);
        var isTaken = verdict.Standing is Standing.Unknown or Standing.Open or Standing.Confirmed;
        var claimed = $"the client claims {(hasSni ? to.Sni : to.Host)}. {Reason(verdict, isChecked, to.Address is not null)}";
        Add(NameSource.Sni, hasSni && isTaken, claimed, hasSni ? claimed : "there is no TLS server name");
        if (hasSni && isTaken) return;
        var unused = hasHost ? "the TLS server name counts in its place" : "there is no Host header";
        Add(NameSource.Host, hasHost && !hasSni && isTaken, claimed, hasHost && !hasSni ? claimed : unused);
    }

    public void Reverse(IPAddress address, ReverseAnswer answer)
    {
        var isNamed = answer.State == AnswerState.Present;
        var nameless = answer.State == AnswerState.Absent ? $"reverse DNS has no name for {address}" : $"DNS has not said a name of {address} yet";
        Add(
            NameSource.Ptr, isNamed && answer.Confirmed, $"reverse DNS says {answer.Name}, which resolves back to {address}",
            isNamed ? $"reverse DNS says {answer.Name}, which does not resolve back to {address}" : nameless);
        if (isNamed && answer.Confirmed) return;
        Add(NameSource.PtrUnconfirmed, isNamed, $"reverse DNS says {answer.Name}, which does not resolve back to {address}", nameless);
        if (!isNamed) Add(NameSource.Ip, true, "nothing better than the address is known", "");
    }

    public void Unknown() => Add(NameSource.Unknown, true, "there is neither an address nor a name", "");

    private static string Reason(Verdict verdict, bool isChecked, bool hasAddress) => verdict.Standing switch
    {
        _ when !hasAddress => "Without an address nothing can confirm the name",
        Standing.Confirmed => "DNS agrees that it leads to this address",
        Standing.Refuted => $"But it {verdict.Evidence}",
        Standing.Open => "DNS has not said enough yet to judge that",
        Standing.Nothing => "That says nothing beyond the address",
        _ => isChecked ? "DNS neither confirms nor contradicts it" : "It is not checked, because dns.confirm is false",
    };

    private void Add(NameSource source, bool isTaken, string yes, string no) => _rungs.Add(new(source.LabelValue(), isTaken, isTaken ? yes : no));
}
