using System.Net;
using EgressAlerts.Model;
using EgressAlerts.Web;

namespace EgressAlerts.Decisions;

/// <summary>The condition on the destination of an entry: the narrowest one that somebody vouches for.</summary>
/// <param name="Key"><c>names</c> or <c>cidrs</c>.</param>
internal sealed record AllowScope(string Key, IReadOnlyList<string> Values)
{
    /// <param name="refusal">Why there is none, and what to do instead.</param>
    public static AllowScope? Find(RemedyFacts facts, Func<IPAddress, IPNetwork?> networkOf, bool byAddress, out string refusal)
    {
        refusal = "";
        if (facts.AlertName == AllowAdvice.UploadSpike) return OfGroup(facts, out refusal);
        if (facts.NameSource == NameSource.Network && facts.Address is { } inside && networkOf(inside) is { } network) return new("cidrs", [$"{network}"]);
        var isShared = facts.NameSource == NameSource.Special || facts.Destination.StartsWith('*');
        if (facts.Confirmed && !isShared) return new("names", [facts.Destination]);
        var isOnlyAddress = facts.NameSource == NameSource.Ip || isShared;
        if (facts.Cidr.Length > 0 && (isOnlyAddress || byAddress)) return new("cidrs", [facts.Cidr]);
        refusal = facts.Cidr.Length > 0
            ? $"The name {facts.Destination} is only claimed, and malware can claim any name. Do one of these: allow the address {facts.Cidr} (--by-address), "
                + "name its network in destinations.networks, or register the host by a ServiceEntry."
            : $"Nobody vouches for the name {facts.Destination}, and its address is not known. Register the host by a ServiceEntry.";
        return null;
    }

    /// <summary>An upload is counted by groups: a site, a network of the user's, or a /24 or /48.</summary>
    private static AllowScope? OfGroup(RemedyFacts facts, out string refusal)
    {
        refusal = "";
        if (IPNetwork.TryParse(facts.Destination, out _)) return new("cidrs", [facts.Destination]);
        if (facts.Confirmed && facts.NameSource == NameSource.Network) return new("names", [facts.Destination]);
        if (facts.Confirmed && facts.Destination.Contains('.', StringComparison.Ordinal) && !facts.Destination.StartsWith('*'))
            return new("names", [facts.Destination, $"*.{facts.Destination}"]);
        refusal = $"Nobody vouches for {facts.Destination}, so no entry can be narrow enough. Name its network in destinations.networks, "
            + "or raise upload_spike.floor in an entry of detection.overrides.";
        return null;
    }
}
