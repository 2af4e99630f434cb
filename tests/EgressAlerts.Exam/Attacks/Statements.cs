using System.Net;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Attacks;

/// <summary>What one contact says, whatever is usual: the metadata service, a policy, a list, a false claim, a refusal, a region.</summary>
internal static class Statements
{
    private const string Metadata = "EgressMetadataService";

    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        Once("metadata service by one who may not", Metadata, _ => Internet.Metadata()),
        new("metadata service far more often than usual by one who may", Metadata, 3, Often) { Fits = service => service.Uses.ContainsKey("metadata") },
        Once("a name that a policy forbids", "EgressForbidden", Forbidden),
        Once("an address on a threat list", "EgressThreatListed", Listed),
        Once("a name claimed falsely", "EgressNameMismatch", Claim),
        Once("a host that the mesh refuses", "EgressBlocked", attack => attack.Server().Blocked),
        Once("a host outside the region", "EgressOutsideRegion", FarAway)
            with { Fits = service => AttackKind.IsUsual(service) && service.Source.Namespace == "payments" },
    ];

    private static AttackKind Once(string name, string alert, Func<Attack, Target> make) => new(name, alert, 0.1, attack => attack.Add(at =>
    {
        var target = make(attack);
        if (target.Route == Route.Blocked) attack.Voice.Fail(attack.Service, target, at, 1);
        else attack.Voice.Exchange(attack.Service, target, at, 1, 900, 3_000);
        return long.MaxValue;
    }));

    private static Target Forbidden(Attack attack) =>
        attack.Mesh.Internet.Tls("www.forbidden.example", Provider.Ovh.Address(attack.Dice), Provider.Ovh, confirmed: false);

    private static Target Listed(Attack attack) =>
        attack.Mesh.Internet.Nameless(new IPAddress([45, 155, 205, (byte)(1 + attack.Dice.Below(254))]), Provider.Remote);

    private static Target FarAway(Attack attack) => attack.Mesh.Internet.Tls("www.far-away.net", Provider.Remote.Address(attack.Dice), Provider.Remote);

    /// <summary>The address does not belong to the name, so naming takes the address.</summary>
    private static Target Claim(Attack attack)
    {
        var server = attack.Nameless();
        const string Claimed = "api.payments-saas.com";
        return server with { To = server.To with { Sni = Claimed }, Refuted = new(Claimed, NameSource.Sni, "belongs to other addresses") };
    }

    private static void Often(Attack attack)
    {
        var metadata = Internet.Metadata();
        attack.Add(at =>
        {
            attack.Voice.Exchange(attack.Service, metadata, at, 3, 750, 4_500);
            return at + 10;
        });
    }
}
