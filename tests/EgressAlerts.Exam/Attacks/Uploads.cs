using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Data that one workload sends to one destination: at once, or little by little.</summary>
internal static class Uploads
{
    public const string Alert = "EgressUploadSpike";
    public const double MiB = 1 << 20;

    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        Once("upload of 1 GiB at once, no name", 1_024, attack => attack.Nameless()),
        Once("upload of 1 GiB at once, a name in order", 1_024, attack => attack.Named()),
        Once("upload of 300 MiB into a service in use", 300, attack => attack.Service.Uses["saas"])
            with { Fits = service => AttackKind.IsUsual(service) && service.Uses.ContainsKey("saas") },
        Once("upload of 1 GiB into another bucket of a store in use", 1_024, Loot)
            with { Fits = service => AttackKind.IsUsual(service) && service.Uses.ContainsKey("bucket") },
        Once("upload of 1 GiB behind a reverse name in use", 1_024, BehindReverse)
            with { Fits = service => AttackKind.IsUsual(service) && service.Uses.ContainsKey("store by reverse name") },
        Once("upload of 95 MiB at once (too small by design)", 95, attack => attack.Server()),
        Once("upload of 1 GiB by a new workload on its first day", 1_024, attack => attack.Server())
            with { Fits = service => service.Born > 0, Moments = service => [service.Born + (8 * Time.Hour)] },
        Drip("upload of 10 MiB an hour for 5 days", 120, 10, (_, _) => true),
        Drip("upload of 50 MiB an hour by day for 4 days", 96, 50, (zone, at) => zone.Hour(at) is >= 9 and < 18),
        Drip("upload of 90 MiB an hour by night for 4 days", 96, 90, (zone, at) => zone.Hour(at) < 5),
    ];

    private static Target Loot(Attack attack) => Popular.Bucket(attack.Mesh, $"loot-{(int)(attack.Dice.Unit() * 0xffffff):x6}", attack.Dice);

    private static Target BehindReverse(Attack attack) =>
        attack.Mesh.Internet.Reverse("s3-r-w.eu-central-1.amazonaws.com", Provider.Amazon.Address(attack.Dice), Provider.Amazon);

    /// <summary>One transfer of ten minutes.</summary>
    private static AttackKind Once(string name, double size, Func<Attack, Target> server) => new(name, Alert, 0.25, attack => attack.Add(at =>
    {
        attack.Voice.Transfer(attack.Service, server(attack), at, size * MiB, 50_000, 600);
        return long.MaxValue;
    }));

    /// <summary>A part each five minutes, while the hour suits.</summary>
    private static AttackKind Drip(string name, double hours, double perHour, Func<Zone, long, bool> isTime) => new(name, Alert, hours, attack =>
    {
        var server = attack.Server();
        attack.Add(at =>
        {
            if (isTime(attack.Service.Zone, at)) attack.Voice.Exchange(attack.Service, server, at, 1, perHour / 12 * MiB * attack.Dice.Between(0.8, 1.2), 900);
            return at + (long)(300 * attack.Dice.Between(0.8, 1.2));
        });
    });
}
