using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Object stores and rented machines: behind one reverse name, in buckets by tenant, behind collapsed names.</summary>
internal static class Stores
{
    private const double MiB = 1 << 20;

    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(12, 13, 14)) OneName(mesh, service);
        foreach (var service in mesh.Role(15, 16)) Tenants(mesh, service);
        foreach (var service in mesh.Role(17, 18, 19)) Bucket(mesh, service);
        foreach (var service in mesh.Role(20, 21)) Machines(mesh, service);
    }

    private static void OneName(Mesh mesh, Service service)
    {
        var (pool, dice) = (mesh.Saas.StoreByReverse, service.Dice);
        service.Uses["store by reverse name"] = pool.Pick(mesh.Options.Start);
        mesh.Add("an object store behind one reverse name", service, mesh.Options.Start, at =>
        {
            mesh.Voice.Hold(service, pool.Pick(at), at, dice.LogNormal(0.3 * MiB, 1.3), 2_000, dice.Below(20));
            return at + dice.Wait(60 / (1.5 * service.Size * Math.Max(0.05, service.Level)));
        });
    }

    private static void Tenants(Mesh mesh, Service service)
    {
        var (dice, buckets) = (service.Dice, new List<Target>());
        for (var i = 0; i < 40; i++) buckets.Add(New());
        service.Uses["bucket"] = buckets[0];
        mesh.Add("buckets by tenant", service, mesh.Options.Start, at =>
        {
            mesh.Voice.Exchange(service, buckets[dice.Zipf(buckets.Count)], at, 1, dice.LogNormal(0.2 * MiB, 1.2), 900);
            return at + dice.Wait(60 / (2 * Math.Max(0.05, service.Level)));
        });
        mesh.Add("a new tenant's bucket", service, mesh.Options.Start, at =>
        {
            buckets.Add(New());
            mesh.Voice.Exchange(service, buckets[^1], at, 3, 2 * MiB, 900);
            return at + dice.Wait(Time.Day);
        });

        Target New() => Popular.Bucket(mesh, string.Create(CultureInfo.InvariantCulture, $"tenant-{service.Number}-{buckets.Count}"), dice);
    }

    private static void Bucket(Mesh mesh, Service service)
    {
        var (dice, bucket) = (service.Dice, Popular.Bucket(mesh, $"own-{service.Source.Name}", service.Dice));
        service.Uses["bucket"] = bucket;
        mesh.Add("a bucket of its own", service, mesh.Options.Start, at =>
        {
            var count = dice.Poisson(service.Level * 2);
            mesh.Voice.Exchange(service, bucket, at, count, dice.Sizes(count, 0.15 * MiB, 1), count * 900);
            return at + Time.Minute;
        });
    }

    private static void Machines(Mesh mesh, Service service)
    {
        var dice = service.Dice;
        var pool = new Pool(own => mesh.Internet.Machine(Provider.Amazon.Address(own)), 15, 8 * Time.Hour, dice);
        service.Uses["machines"] = pool.Pick(mesh.Options.Start);
        mesh.Add("rented machines behind a collapsed name", service, mesh.Options.Start, at =>
        {
            mesh.Voice.Exchange(service, pool.Pick(at), at, 1, dice.LogNormal(3_000, 1), dice.LogNormal(20_000, 1));
            return at + dice.Wait(40 / Math.Max(0.05, service.Level));
        });
    }
}
