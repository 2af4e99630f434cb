using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Workloads that fetch from very many hosts: builds, audits, link checks, previews of links.</summary>
internal static class Fetchers
{
    public static void AddTo(Mesh mesh)
    {
        var dice = mesh.Dice("hosts");
        List<Target> hosts = [.. Enumerable.Range(0, 6_000).Select(i => mesh.Internet.Some($"www.site-{i}.org", dice))];
        foreach (var service in mesh.Role(6, 7)) Builds(mesh, service, hosts);
        foreach (var service in mesh.Role(8)) Audit(mesh, service, hosts);
        foreach (var service in mesh.Role(9)) LinkCheck(mesh, service, hosts);
        foreach (var service in mesh.Role(11)) Previews(mesh, service, hosts);
    }

    private static void Builds(Mesh mesh, Service service, List<Target> hosts) =>
        mesh.Add("builds that fetch from many hosts", service, mesh.Options.Start, at =>
    {
        var dice = service.Dice;
        var count = (int)dice.Pareto(10, 1.2, 250);
        for (var i = 0; i < count; i++)
            mesh.Voice.Hold(service, hosts[dice.Zipf(3_000)], at + dice.Below(600), 2_000, dice.LogNormal(400_000, 1.5), dice.Below(30));
        return at + dice.Wait(Time.Hour / (3 * Math.Max(0.05, service.Level)));
    });

    private static void Audit(Mesh mesh, Service service, List<Target> hosts) =>
        mesh.Add("an audit of many hosts each night", service, service.Zone.NextAt(mesh.Options.Start, 2.5), at =>
    {
        var dice = service.Dice;
        var count = 300 + dice.Below(500);
        for (var i = 0; i < count; i++) mesh.Voice.Exchange(service, hosts[dice.Below(4_000)], at + dice.Below(1_200), 1, 900, 4_000);
        return service.Zone.NextAt(at + Time.Hour, 2.5);
    });

    private static void LinkCheck(Mesh mesh, Service service, List<Target> hosts) =>
        mesh.Add("a link check each Sunday", service, service.Zone.NextAt(mesh.Options.Start, 4), at =>
    {
        var dice = service.Dice;
        if (service.Zone.Date(at).DayOfWeek == DayOfWeek.Sunday)
        {
            var count = 1_500 + dice.Below(1_500);
            for (var i = 0; i < count; i++) mesh.Voice.Exchange(service, hosts[dice.Below(hosts.Count)], at + dice.Below(3_000), 1, 500, 9_000);
        }

        return service.Zone.NextAt(at + Time.Hour, 4);
    });

    private static void Previews(Mesh mesh, Service service, List<Target> hosts) =>
        mesh.Add("previews of links that people send", service, mesh.Options.Start, at =>
    {
        var dice = service.Dice;
        mesh.Voice.Exchange(service, hosts[dice.Zipf(hosts.Count)], at, 1, 700, dice.LogNormal(40_000, 1));
        return at + dice.Wait(90 / Math.Max(0.03, service.Level));
    });
}
