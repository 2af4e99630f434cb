using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Somebody looks for what there is to attack.</summary>
internal static class Scans
{
    private const string ManyAnswer = "EgressFanOut";
    private const string ManyRefuse = "EgressProbing";

    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        Kind("scan of 500 hosts at once, unanswered", ManyRefuse, 0.1, isAnswered: false, 0.7),
        Kind("scan of 500 hosts at once, answered", ManyAnswer, 0.1, isAnswered: true, 0.7),
        Kind("scan of 45 hosts an hour, unanswered", ManyRefuse, 8, isAnswered: false, 80),
        Kind("scan of 45 hosts an hour, answered", ManyAnswer, 8, isAnswered: true, 80),
        Kind("scan of a host every two minutes, unanswered", ManyRefuse, 24, isAnswered: false, 120),
        Kind("scan of a host every two minutes, answered", ManyAnswer, 24, isAnswered: true, 120),
        new("sweep of a private range behind one label", ManyRefuse, 0.25, Sweep),
        new("1,000 ports of one host", ManyRefuse, 0.2, Ports),
        Kind("scan of 50 hosts that the mesh refuses", ManyRefuse, 0.1, isAnswered: false, 7, isBlocked: true),
    ];

    private static AttackKind Kind(string name, string alert, double hours, bool isAnswered, double seconds, bool isBlocked = false) =>
        new(name, alert, hours, attack =>
    {
        var (due, dice) = ((double)attack.Start, attack.Dice);
        attack.Add(at =>
        {
            for (; due < at + 1; due += seconds * dice.Between(0.9, 1.1))
            {
                var host = attack.Nameless(dice.Pick(Provider.Hosters));
                if (isBlocked) attack.Voice.Fail(attack.Service, host.Blocked, at, 1);
                else if (isAnswered) attack.Voice.Exchange(attack.Service, host, at, 1, 200, 300);
                else attack.Voice.Fail(attack.Service, host.Failing, at, 1);
            }

            return Math.Max(at + 1, (long)due);
        });
    });

    /// <summary>A /24 of the company's own, of which one address in ten answers. All of it has the same name.</summary>
    private static void Sweep(Attack attack)
    {
        var (last, network) = (0, attack.Dice.Below(200));
        attack.Add(at =>
        {
            if (++last > 254) return long.MaxValue;
            var host = Internet.Private(string.Create(CultureInfo.InvariantCulture, $"10.80.{network}.{last}"), "22");
            if (attack.Dice.Chance(0.1)) attack.Voice.Exchange(attack.Service, host, at, 1, 100, 200);
            else attack.Voice.Fail(attack.Service, host.Failing, at, 1);
            return at + 3;
        });
    }

    private static void Ports(Attack attack)
    {
        var (port, address) = (0, Provider.Hetzner.Address(attack.Dice));
        attack.Add(at =>
        {
            for (var i = 0; i < 2 && port < 1_000; i++)
            {
                var host = attack.Mesh.Internet.Nameless(address, Provider.Hetzner, string.Create(CultureInfo.InvariantCulture, $"{++port}"));
                if (attack.Dice.Chance(0.01)) attack.Voice.Exchange(attack.Service, host, at, 1, 100, 200);
                else attack.Voice.Fail(attack.Service, host.Failing, at, 1);
            }

            return port < 1_000 ? at + 1 : long.MaxValue;
        });
    }
}
