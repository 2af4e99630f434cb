using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Beacons that look like something else, or that are told from others by where they go or who they are.</summary>
internal static class HiddenBeacons
{
    private const long Period = 5 * Time.Minute;

    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        // The connection closes windows after its bytes: each beat leaves two marks.
        Kind("beacon every 5 min, connections kept alive for 90 s", attack => Beat(attack, attack.Server(), open: 90)),
        Kind(
            "beacon every 60 s, connections kept alive for 150 s",
            attack => Beacons.Beat(attack, attack.Service, attack.Server(), Time.Minute, 0.1, open: 150)),
        Kind("beacon to a host behind a collapsed cloud name in use", attack => Beat(attack, Machine(attack)))
            with { Fits = service => service.Uses.ContainsKey("machines") },
        Kind("beacon to a host behind a collapsed cloud name not in use", attack => Beat(attack, Machine(attack))),
        Kind("beacon through a content network that many use", ThroughFront),
        Kind("beacon through a service that many use", attack => Beat(attack, attack.Mesh.Saas.Files))
            with { Fits = service => AttackKind.IsUsual(service) && service.Uses.GetValueOrDefault("saas")?.Name.Name != "upload.files-saas.com" },
        Pods(2),
        Pods(4),
        Pods(6),
        Kind("connection that stays open with steady bytes", Stream) with { Hours = 72 },
        Kind("beacon that a destination in use begins", attack => Beat(attack, attack.Service.Uses["partner"]))
            with { Fits = service => AttackKind.IsUsual(service) && service.Uses["partner"].Name.Confirmed },
        Kind("beacon of a new workload", attack => Beat(attack, attack.Server()))
            with { Fits = service => service.Born > 0, Moments = service => [service.Born + Time.Hour] },
        Kind("beacon of a workload that was renamed", attack => Beat(attack, attack.Server()))
            with
            {
                Fits = service => service.Renames.Count > 0,
                Moments = service => service.Renames.Where(at => at >= Time.JudgedFrom).Select(at => at + Time.Hour),
            },
    ];

    private static AttackKind Kind(string name, Action<Attack> begin) => new(name, Beacons.Alert, 24, begin);

    private static AttackKind Pods(int pods) => Kind(string.Create(CultureInfo.InvariantCulture, $"beacon of {pods} pods out of phase"), attack =>
    {
        var server = attack.Server();
        for (var pod = 0; pod < pods; pod++) Beacons.Beat(attack, attack.Service, server, Period, 0.02, phase: attack.Dice.Below((int)Period));
    });

    private static void Beat(Attack attack, Target server, long open = 0) => Beacons.Beat(attack, attack.Service, server, Period, 0.1, open);

    private static Target Machine(Attack attack) => attack.Mesh.Internet.Machine(Provider.Amazon.Address(attack.Dice));

    /// <summary>The attacker is a customer of the same content network; the server name is that of another customer.</summary>
    private static void ThroughFront(Attack attack) => attack.Add(at =>
    {
        attack.Voice.Exchange(attack.Service, attack.Dice.Pick(attack.Mesh.Saas.Anycast), at, 1, attack.Dice.Between(300, 500), attack.Dice.Between(200, 400));
        return at + (long)(Period * attack.Dice.Between(0.9, 1.1));
    });

    private static void Stream(Attack attack)
    {
        var server = attack.Server();
        attack.Add(at =>
        {
            attack.Voice.Transfer(attack.Service, server, at, 72 * 60 * 400, 72 * 60 * 300, attack.End - at);
            return long.MaxValue;
        });
    }
}
