using System.Globalization;
using EgressAlerts.Exam.Traffic;
using EgressAlerts.Model;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Calls of APIs, which every workload makes: to partners, to services that many use, and through content networks.</summary>
internal static class Apis
{
    private const double KiB = 1 << 10;

    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role([.. Enumerable.Range(0, 50)]))
        {
            Use(mesh, service, service.Dice);
            // A deployment brings an API more, about once in three weeks.
            var from = mesh.Options.Start + (long)(service.Dice.Unit() * (Time.End - mesh.Options.Start));
            Call(mesh, service, "an API that a deployment brings", Partner(mesh, service, "new"), from, service.Dice);
        }
    }

    /// <summary>What a workload calls every day.</summary>
    public static void Use(Mesh mesh, Service service, Dice dice)
    {
        var (start, partner) = (Math.Max(mesh.Options.Start, service.Born), Partner(mesh, service, "api"));
        service.Uses["partner"] = partner;
        Call(mesh, service, "an API of a partner", partner, start, dice);
        if (dice.Chance(0.6))
        {
            var saas = dice.Pick(mesh.Saas.Names);
            service.Uses["saas"] = saas;
            Call(mesh, service, "a service that many use", saas, start, dice);
        }

        if (dice.Chance(0.4))
        {
            var front = mesh.Saas.Front(dice);
            service.Uses["front"] = front.Pick(start);
            Call(mesh, service, "a content network whose addresses rotate", front.Pick, start, dice);
        }

        if (dice.Chance(0.12))
        {
            var by = dice.Pick(Provider.Clouds);
            var pool = new Pool(own => mesh.Internet.Nameless(by.Address(own), by), 8, 12 * Time.Hour, dice);
            Call(mesh, service, "a cloud without reverse names whose addresses rotate", pool.Pick, start, dice);
        }
    }

    private static Target Partner(Mesh mesh, Service service, string word)
    {
        var (net, dice) = (mesh.Internet, service.Dice);
        var (by, name) = (dice.Pick(Provider.Hosters), string.Create(CultureInfo.InvariantCulture, $"{word}.partner-{service.Source.Name}.com"));
        var address = by.Address(dice);
        return dice.Below(10) switch
        {
            < 3 => net.Registered(name, address, by, dice.Chance(0.5) ? Protocol.Http : Protocol.Tcp),
            < 6 => net.Tls(name, address, by),
            < 7 => net.Tls(name, address, by, confirmed: false),
            < 8 => net.Http(name, address, by),
            < 9 => net.Reverse(name, address, by),
            _ => net.Machine(Provider.Amazon.Address(dice)),
        };
    }

    private static void Call(Mesh mesh, Service service, string kind, Target target, long from, Dice dice) =>
        Call(mesh, service, kind, _ => target, from, dice);

    private static void Call(Mesh mesh, Service service, string kind, Func<long, Target> pick, long from, Dice dice)
    {
        // Rates and sizes differ by orders of magnitude between workloads.
        var perMinute = Math.Min(60, dice.LogNormal(1.5, 1.3) * service.Size);
        var (upload, download) = (dice.LogNormal(1.5 * KiB, 0.8), dice.LogNormal(6 * KiB, 1.2));
        mesh.Add(kind, service, from, at =>
        {
            var rate = perMinute * service.Level;
            var step = rate < 1 ? dice.Wait(60 / Math.Max(0.01, rate)) : Time.Step;
            var count = rate < 1 ? 1 : dice.Poisson(rate * Time.Step / 60);
            if (count == 0) return at + step;
            var sent = dice.Sizes(count, upload, 0.9);
            // Now and then somebody sends a file.
            if (dice.Chance(0.001)) sent += dice.Pareto(100 * KiB, 1.1, 60_000 * KiB);
            mesh.Voice.Exchange(service, pick(at), at, count, sent, dice.Sizes(count, download, 1.2));
            return at + step;
        });
    }
}
