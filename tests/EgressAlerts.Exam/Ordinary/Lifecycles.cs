using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Workloads come and go, get other names, live for minutes, and have one pod or twelve.</summary>
internal static class Lifecycles
{
    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(14, 19, 32)) Renames(mesh, service);
        foreach (var service in mesh.Role(25)) service.Died = Time.JudgedFrom + (6 * Time.Day) + service.Dice.Below((int)Time.Day);
        foreach (var service in mesh.Role(38, 44)) Scales(mesh, service);
        foreach (var service in mesh.Role(6)) BuildJobs(mesh, service);
        foreach (var service in mesh.Role(9)) Previews(mesh, service);
        var fifties = Math.Max(1, mesh.Options.Workloads / 50);
        for (var i = 0; i < 6 * fifties; i++) Newcomer(mesh, i);
    }

    /// <summary>Blue and green: each deployment has another name, every two to five days. Judged instants do not depend on the learning.</summary>
    private static void Renames(Mesh mesh, Service service)
    {
        var (before, dice) = (mesh.Dice($"{service.Number} renamed before"), mesh.Dice($"{service.Number} renamed"));
        for (var at = Time.JudgedFrom - Step(before); at > mesh.Options.Start; at -= Step(before)) service.Renames.Insert(0, at);
        for (var at = Time.JudgedFrom + dice.Below((int)Time.Day); at < Time.End; at += Step(dice)) service.Renames.Add(at);
        mesh.Add("a deployment under another name", service, service.Renames[0], at =>
        {
            service.Rename();
            return service.Renames.Find(next => next > at) is > 0 and var next ? next : long.MaxValue;
        });

        static long Step(Dice dice) => (2 * Time.Day) + dice.Below((int)(3 * Time.Day));
    }

    /// <summary>Pods that each poll once a minute; how many there are follows the load.</summary>
    private static void Scales(Mesh mesh, Service service)
    {
        var (dice, target) = (service.Dice, mesh.Internet.Tls($"jobs.queue-{service.Number}.com", Provider.Amazon.Address(service.Dice), Provider.Amazon));
        for (var pod = 0; pod < 12; pod++)
        {
            var number = pod;
            mesh.Add("pods that scale from one to twelve", service, mesh.Options.Start + dice.Below(60), at =>
            {
                if (number == 0 || service.Level * 10 > number) mesh.Voice.Exchange(service, target, at, 1, 500, 300);
                return at + Time.Minute;
            });
        }
    }

    /// <summary>Each build runs as a workload of its own with a hash in its name.</summary>
    private static void BuildJobs(Mesh mesh, Service service)
    {
        var (dice, registry) = (service.Dice, mesh.Internet.Tls("registry.packages-hub.org", Provider.Fastly.Address(service.Dice), Provider.Fastly));
        List<Target> tools = [.. Enumerable.Range(0, 800).Select(i => mesh.Internet.Some($"get.tool-{i}.org", dice))];
        mesh.Add("builds that are workloads of their own", service, mesh.Options.Start, at =>
        {
            var job = new Service(-1, "ci", string.Create(CultureInfo.InvariantCulture, $"build-{(int)(dice.Unit() * 0xffffff):x6}"), service.Zone, dice);
            mesh.Voice.Hold(job, registry, at, 4_000, dice.LogNormal(5e6, 1), 40);
            for (var i = dice.Below(20); i > 0; i--) mesh.Voice.Exchange(job, tools[dice.Zipf(tools.Count)], at + dice.Below(300), 1, 900, 80_000);
            return at + dice.Wait(Time.Hour / (2 * Math.Max(0.05, service.Level)));
        });
    }

    /// <summary>Copies of a service for a change that somebody proposes, for some hours.</summary>
    private static void Previews(Mesh mesh, Service service)
    {
        var (dice, number) = (service.Dice, 4_000);
        mesh.Add("a preview that lives for hours", service, mesh.Options.Start, at =>
        {
            var preview = new Service(-1, "previews", string.Create(CultureInfo.InvariantCulture, $"pr-{++number}"), service.Zone, dice);
            var end = at + 3_600 + dice.Wait(4 * Time.Hour);
            for (var when = at; when < end; when += 20 + dice.Wait(200))
                mesh.Voice.Exchange(preview, mesh.Saas.Names[dice.Zipf(mesh.Saas.Names.Count)], when, 1, 1_200, 5_000);
            return at + dice.Wait(8 * Time.Hour);
        });
    }

    private static void Newcomer(Mesh mesh, int number)
    {
        var service = mesh.Hire(Mesh.Team(number * 3), string.Create(CultureInfo.InvariantCulture, $"young-{number}"), "newcomer");
        service.Born = Time.JudgedFrom + (long)(service.Dice.Unit() * 9 * Time.Day);
        Apis.Use(mesh, service, service.Dice);
        mesh.Add("a new workload", service, service.Born, at =>
        {
            mesh.Voice.Exchange(service, mesh.Saas.Crm, at, 1, 900, 2_000);
            return at + service.Dice.Wait(120);
        });
    }
}
