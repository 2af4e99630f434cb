using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Malware that asks its server for orders, at all periods, with and without jitter.</summary>
internal static class Beacons
{
    public const string Alert = "EgressBeaconing";

    private static readonly (string Words, long Period, double Hours)[] Periods =
    [
        ("60 s", Time.Minute, 24), ("5 min", 5 * Time.Minute, 24), ("15 min", 15 * Time.Minute, 48),
        ("1 h", Time.Hour, 120), ("6 h", 6 * Time.Hour, 288), ("1 day", Time.Day, 288),
    ];

    public static IEnumerable<AttackKind> Kinds { get; } =
    [
        .. Periods.SelectMany(period => new[] { 0, 20, 50 }.Select(jitter => new AttackKind(
            string.Create(CultureInfo.InvariantCulture, $"beacon every {period.Words}, {(jitter == 0 ? "no" : $"{jitter} %")} jitter"),
            Alert,
            period.Hours,
            attack => Beat(attack, attack.Service, attack.Server(), period.Period, jitter / 100.0)) { Copies = period.Hours > 100 ? 1 : 2 })),
    ];

    /// <summary>Small exchanges at a period, each as much as <paramref name="jitter"/> of it early or late.</summary>
    /// <param name="open">Seconds that the connection stays open behind the exchange.</param>
    public static void Beat(Attack attack, Service service, Target server, long period, double jitter, long open = 0, long phase = 0) =>
        attack.Add(service, attack.Start + phase, at =>
    {
        var dice = attack.Dice;
        // One answer in twenty holds an order, and the next question its result.
        var isOrder = dice.Chance(0.05);
        var upload = isOrder ? dice.LogNormal(3_000, 0.8) : dice.Between(300, 500);
        attack.Voice.Hold(service, server, at, upload, isOrder ? dice.LogNormal(6_000, 1) : dice.Between(200, 400), open);
        return at + Math.Max(1, (long)(period * (1 + (jitter * dice.Between(-1, 1)))));
    });
}
