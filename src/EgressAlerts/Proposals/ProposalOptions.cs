using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Proposals;

/// <summary>What a proposal is for.</summary>
/// <param name="IsAmbient">Whether entries and policies are for an egress waypoint. Else they are for sidecars.</param>
/// <param name="EgressNamespace">Where the entries of an ambient mesh are.</param>
/// <param name="Waypoint">The waypoint there.</param>
/// <param name="Istio">The version of Istio, such as 1.30. Null where nobody has said: then nothing is proposed that only some versions understand.</param>
/// <param name="Accepted">Names that somebody has looked at. They are proposed although nobody confirms them.</param>
/// <param name="Wildcards">Domains such as <c>*.example.com</c> whose names are to be one entry.</param>
internal sealed record ProposalOptions(
    bool IsAmbient, string EgressNamespace, string Waypoint, Version? Istio, IReadOnlyList<Pattern> Accepted, IReadOnlyList<Pattern> Wildcards)
{
    private static readonly Version NetworksOfWaypoints = new(1, 30);

    public static ProposalOptions Sidecars { get; } = new(false, "istio-egress", "waypoint", null, [], []);

    /// <summary>Why a wildcard entry cannot be proposed; null where it can.</summary>
    public string? WildcardFault(bool isTls) => Istio switch
    {
        null => "only some versions of Istio can resolve a wildcard: say which one you have with --istio-version",
        { } version when version < Oldest(isTls) => $"a wildcard needs Istio {Oldest(isTls)} here, and you have {version}",
        _ => null,
    };

    /// <summary>Why addresses cannot be registered; null where they can. Waypoints understand single addresses in all versions.</summary>
    public string? NetworkFault(IReadOnlyList<string> cidrs) =>
        !IsAmbient || Istio >= NetworksOfWaypoints || cidrs.All(IsSingle) ? null
        : Istio is null ? $"only some versions of Istio understand networks in ambient mode: say which one you have with --istio-version"
        : $"networks need Istio {NetworksOfWaypoints} in ambient mode, and you have {Istio}";

    public static bool IsSingle(string cidr) =>
        IPNetwork.Parse(cidr) is var network && network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8;

    /// <summary>The first version that has <c>DYNAMIC_DNS</c> for such entries.</summary>
    private Version Oldest(bool isTls) => !IsAmbient ? new(1, 30) : isTls ? new(1, 29) : new(1, 28);
}
