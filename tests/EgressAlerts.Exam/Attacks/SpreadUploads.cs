using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Data that leaves in small parts: by many workloads, to many hosts, in very many requests.</summary>
internal static class SpreadUploads
{
    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        new("upload of 1.4 GiB within an hour, spread over 18 workloads", Uploads.Alert, 1, ByMany) { Workloads = 18, Copies = 1 },
        new("upload of 1 GiB within an hour, spread over 500 hosts without names", Uploads.Alert, 1, ToMany),
        new("20,000 small requests an hour for 6 hours (DNS over HTTPS)", Uploads.Alert, 6, Requests),
    ];

    private static void ByMany(Attack attack)
    {
        var server = attack.Server();
        foreach (var service in attack.Services)
        {
            attack.Add(service, attack.Start + attack.Dice.Below(300), at =>
            {
                attack.Voice.Exchange(service, server, at, 1, 80 / 12.0 * Uploads.MiB, 900);
                return at + 300;
            });
        }
    }

    private static void ToMany(Attack attack) => attack.Add(at =>
    {
        attack.Voice.Exchange(attack.Service, attack.Nameless(), at, 1, 1_024 / 500.0 * Uploads.MiB, 900);
        return at + 7;
    });

    private static void Requests(Attack attack)
    {
        var resolver = attack.Mesh.Internet.Tls("dns.public-resolver.net", Provider.Google.Address(attack.Dice), Provider.Google);
        attack.Add(at =>
        {
            var count = attack.Dice.Poisson(20_000.0 / 120);
            attack.Voice.Exchange(attack.Service, resolver, at, count, count * 160, count * 280);
            return at + Time.Step;
        });
    }
}
