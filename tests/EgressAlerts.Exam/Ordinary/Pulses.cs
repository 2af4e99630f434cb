using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Software that calls home like a clock, with every right to do so.</summary>
internal static class Pulses
{
    public static void AddTo(Mesh mesh)
    {
        var start = mesh.Options.Start;
        var health = mesh.Internet.Tls("health.status-page.io", Provider.Fastly.Address(mesh.Dice("health")), Provider.Fastly);
        foreach (var service in mesh.Role(22, 23, 24, 25)) Beat(mesh, service, "a health check", health, start, 30, 250, 180);
        foreach (var service in mesh.Role(26, 27, 28, 29, 31, 32)) Beat(mesh, service, "a poll of feature flags", mesh.Saas.Flags, start, 60, 600, 900);
        foreach (var service in mesh.Role(0, 6, 12, 18, 24, 33, 36, 42, 48))
            Beat(mesh, service, "an agent of telemetry", mesh.Saas.Telemetry, start, 15, 2_500, 200);
        foreach (var service in mesh.Role(33, 34, 35)) Beat(mesh, service, "a licence check", Vendor(mesh, service, "licence"), start, Time.Hour, 900, 400);
        foreach (var service in mesh.Role(36, 37))
            Beat(mesh, service, "a licence check once a day", Vendor(mesh, service, "activation"), start, Time.Day, 1_500, 700);
        foreach (var service in mesh.Role(38, 39, 40))
            Beat(mesh, service, "a refresh of tokens", Vendor(mesh, service, "login"), start, 55 * Time.Minute, 2_000, 3_000);

        // Within the judged time new versions begin to call their vendor, each with a period of its own.
        long[] periods = [Time.Minute, 5 * Time.Minute, 10 * Time.Minute, 15 * Time.Minute, Time.Hour, 6 * Time.Hour];
        foreach (var service in mesh.Role(41, 43, 44, 45, 46, 47))
        {
            var from = Time.JudgedFrom + (long)(service.Dice.Unit() * 8 * Time.Day);
            var period = periods[service.Number % periods.Length];
            Beat(mesh, service, "a new version that calls its vendor", Vendor(mesh, service, "updates"), from, period, 700, 500);
        }

        Rollout(mesh);
    }

    private static void Beat(Mesh mesh, Service service, string kind, Target target, long from, long period, double upload, double download)
    {
        var dice = service.Dice;
        mesh.Add(kind, service, from + dice.Below((int)period), at =>
        {
            mesh.Voice.Exchange(service, target, at, 1, upload * dice.Between(0.95, 1.05), download);
            return at + period;
        });
    }

    private static Target Vendor(Mesh mesh, Service service, string word)
    {
        var (dice, by) = (service.Dice, service.Dice.Pick(Provider.Hosters));
        var name = string.Create(CultureInfo.InvariantCulture, $"{word}.vendor-{service.Number % 7}.com");
        return mesh.Internet.Tls(name, by.Address(dice), by, dice.Chance(0.8));
    }

    /// <summary>From the third judged day on, one namespace a day gets an agent that reports every minute.</summary>
    private static void Rollout(Mesh mesh)
    {
        var agent = mesh.Internet.Tls("collector.agent-vendor.io", Provider.Google.Address(mesh.Dice("agent")), Provider.Google);
        var namespaces = mesh.Services.Select(service => service.Source.Namespace).Distinct().ToList();
        foreach (var service in mesh.Services.ToList())
        {
            var from = Time.JudgedFrom + ((2 + namespaces.IndexOf(service.Source.Namespace)) * Time.Day) + (10 * Time.Hour) + service.Dice.Below(1_800);
            Beat(mesh, service, "an agent that is rolled out", agent, from, Time.Minute, 3_000, 150);
        }
    }
}
