using System.Globalization;
using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>The company's own addresses outside the mesh, and the cloud's metadata service for those that may use it.</summary>
internal static class Internals
{
    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(2, 10, 13, 21, 34, 36, 45)) Database(mesh, service);
        foreach (var service in mesh.Role(30)) Metadata(mesh, service);
    }

    private static void Database(Mesh mesh, Service service)
    {
        var (dice, database) = (service.Dice, Internet.Private(string.Create(CultureInfo.InvariantCulture, $"10.40.{service.Number % 200}.15"), "5432"));
        mesh.Add("a database in a private network", service, mesh.Options.Start, at =>
        {
            var count = dice.Poisson(service.Level * 4);
            mesh.Voice.Exchange(service, database, at, count, dice.Sizes(count, 3_000, 1), dice.Sizes(count, 20_000, 1.3));
            return at + Time.Minute;
        });
    }

    private static void Metadata(Mesh mesh, Service service)
    {
        var (dice, metadata) = (service.Dice, Internet.Metadata());
        service.Uses["metadata"] = metadata;
        mesh.Add("the metadata service, by who may", service, mesh.Options.Start, at =>
        {
            // Credentials are fetched again before they expire; a pod that starts asks some more.
            mesh.Voice.Exchange(service, metadata, at, dice.Chance(0.1) ? 6 + dice.Below(10) : 2, 500, 3_000);
            return at + 1_500 + dice.Below(1_800);
        });
    }
}
