using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Others fail: storms of retries, an outage of a name with sixty addresses, a move to a provider that stands by.</summary>
internal static class Failures
{
    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(10, 34, 45)) Storms(mesh, service);
        foreach (var service in mesh.Role(35, 47)) Outage(mesh, service);
        foreach (var service in mesh.Role(37, 48)) Failover(mesh, service);
    }

    private static void Storms(Mesh mesh, Service service)
    {
        var (dice, partner) = (service.Dice, service.Uses["partner"]);
        var failing = partner.Failing;
        mesh.Add("a storm of retries", service, mesh.Options.Start + dice.Wait(3 * Time.Day), at =>
        {
            var length = 600 + dice.Below(1_800);
            for (var second = 0; second < length; second += 10) mesh.Voice.Fail(service, failing, at + second, 1 + dice.Poisson(20));
            return at + length + dice.Wait(3 * Time.Day);
        });
    }

    private static void Outage(Mesh mesh, Service service)
    {
        var (dice, name) = (service.Dice, $"api.many-addresses-{service.Number}.com");
        List<Target> addresses = [.. Enumerable.Range(0, 60).Select(_ => mesh.Internet.Tls(name, Provider.Amazon.Address(dice), Provider.Amazon))];
        List<Target> failing = [.. addresses.Select(address => address.Failing)];
        var until = long.MinValue;
        mesh.Add("a name with sixty addresses", service, mesh.Options.Start, at =>
        {
            if (at >= until) mesh.Voice.Exchange(service, dice.Pick(addresses), at, 1, 1_500, 4_000);
            else mesh.Voice.Fail(service, dice.Pick(failing), at, 1 + dice.Below(3));
            return at + (at >= until ? dice.Wait(30 / Math.Max(0.05, service.Level)) : 4);
        });
        mesh.Add("an outage of a name with sixty addresses", service, mesh.Options.Start + dice.Wait(5 * Time.Day), at =>
        {
            until = at + 1_200 + dice.Below(7_200);
            return until + dice.Wait(5 * Time.Day);
        });
    }

    private static void Failover(Mesh mesh, Service service)
    {
        var dice = service.Dice;
        var main = mesh.Internet.Tls($"sms.main-{service.Number}.com", Provider.Azure.Address(dice), Provider.Azure);
        var standby = mesh.Internet.Tls($"sms.standby-{service.Number}.com", Provider.Ovh.Address(dice), Provider.Ovh, confirmed: dice.Chance(0.5));
        var isMain = true;
        mesh.Add("a provider with one that stands by", service, mesh.Options.Start, at =>
        {
            mesh.Voice.Exchange(service, isMain ? main : standby, at, 1, dice.LogNormal(2_500, 0.5), 900);
            return at + dice.Wait(20 / Math.Max(0.05, service.Level));
        });
        mesh.Add("a move to the provider that stands by", service, Time.JudgedFrom + dice.Wait(4 * Time.Day), at =>
        {
            isMain = !isMain;
            return at + (isMain ? dice.Wait(8 * Time.Day) : 3_600 + dice.Wait(6 * Time.Hour));
        });
    }
}
