using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Large amounts at certain times, or at no certain time.</summary>
internal static class Jobs
{
    private const double MiB = 1 << 20;
    private const double GiB = 1 << 30;

    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(20, 23, 31)) Nightly(mesh, service, "a backup at night by local time", isLocal: true);
        foreach (var service in mesh.Role(26)) Nightly(mesh, service, "a backup at night by UTC", isLocal: false);
        foreach (var service in mesh.Role(28, 42))
            Daily(mesh, service, "an export at the month's end", 22, date => date.AddDays(1).Day == 1 ? 8 * GiB * service.Size : 0);
        foreach (var service in mesh.Role(29, 43))
            Daily(mesh, service, "a larger job on the first of a month", 6, date => (date.Day == 1 ? 3_000 : 150) * MiB * service.Size);
        foreach (var service in mesh.Role(32, 44)) Replica(mesh, service);
        foreach (var service in mesh.Role(33, 46, 49)) Sporadic(mesh, service);
    }

    private static void Nightly(Mesh mesh, Service service, string kind, bool isLocal)
    {
        var (dice, vault) = (service.Dice, Vault(mesh, service, "backup"));
        var (hour, size) = (1 + dice.Below(4), dice.LogNormal(2 * GiB, 0.7));
        mesh.Add(kind, service, Next(mesh.Options.Start), at =>
        {
            // It grows by some percent from day to day and takes as long as it takes.
            var bytes = size * dice.LogNormal(1, 0.15);
            mesh.Voice.Transfer(service, vault, at + dice.Below(300), bytes, 50_000, (long)(bytes / (20 * MiB)) + 60);
            return Next(at + Time.Hour);
        });

        long Next(long at) => isLocal ? service.Zone.NextAt(at, hour) : ((at - (hour * Time.Hour)) / Time.Day * Time.Day) + Time.Day + (hour * Time.Hour);
    }

    private static void Daily(Mesh mesh, Service service, string kind, double hour, Func<DateTimeOffset, double> size)
    {
        var vault = Vault(mesh, service, "exports");
        mesh.Add(kind, service, service.Zone.NextAt(mesh.Options.Start, hour), at =>
        {
            var bytes = size(service.Zone.Date(at)) * service.Dice.LogNormal(1, 0.3);
            if (bytes > 0) mesh.Voice.Transfer(service, vault, at, bytes, 20_000, (long)(bytes / (10 * MiB)) + 60);
            return service.Zone.NextAt(at + Time.Hour, hour);
        });
    }

    /// <summary>Ships its log all day; about every ten days a replica begins anew and gets ten times the usual amount for some hours.</summary>
    private static void Replica(Mesh mesh, Service service)
    {
        var (dice, replica, factor) = (service.Dice, Vault(mesh, service, "replica"), 1.0);
        var perMinute = dice.LogNormal(1.5 * MiB, 0.4);
        mesh.Add("a replica that follows", service, mesh.Options.Start, at =>
        {
            mesh.Voice.Exchange(service, replica, at, 1, perMinute * factor * Math.Max(0.1, service.Level) * dice.LogNormal(1, 0.2), 3_000);
            return at + Time.Minute;
        });
        mesh.Add("a replica that begins anew", service, mesh.Options.Start + dice.Wait(6 * Time.Day), at =>
        {
            (factor, var wait) = factor > 1 ? (1, dice.Wait(10 * Time.Day)) : (10, 1_800 + dice.Wait(2 * Time.Hour));
            return at + wait;
        });
    }

    private static void Sporadic(Mesh mesh, Service service)
    {
        var (dice, vault) = (service.Dice, Vault(mesh, service, "bulk"));
        mesh.Add("a large job now and then", service, mesh.Options.Start + dice.Wait(4 * Time.Day), at =>
        {
            var bytes = dice.Pareto(150 * MiB, 0.9, 20 * GiB);
            mesh.Voice.Transfer(service, vault, at, bytes, 9_000, (long)(bytes / (8 * MiB)) + 30);
            return at + dice.Wait(4 * Time.Day);
        });
    }

    private static Target Vault(Mesh mesh, Service service, string word)
    {
        var by = service.Dice.Pick(Provider.Hosters);
        return mesh.Internet.Tls($"{word}.vault-{service.Source.Name}.com", by.Address(service.Dice), by);
    }
}
