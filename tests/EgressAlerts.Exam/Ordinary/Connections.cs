using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Ordinary;

/// <summary>Connections that outlast their bytes: kept alive, polled for long, held open for hours.</summary>
internal static class Connections
{
    public static void AddTo(Mesh mesh)
    {
        foreach (var service in mesh.Role(12, 22, 25, 35, 38, 41, 47)) KeptAlive(mesh, service);
        foreach (var service in mesh.Role(27, 39)) LongPoll(mesh, service);
        foreach (var service in mesh.Role(40, 49)) WebSocket(mesh, service);
    }

    private static void KeptAlive(Mesh mesh, Service service)
    {
        var (dice, target) = (service.Dice, mesh.Internet.Tls($"rest.kept-{service.Source.Name}.com", Provider.Google.Address(service.Dice), Provider.Google));
        mesh.Add("connections that are kept alive", service, mesh.Options.Start, at =>
        {
            // The other side closes what was idle for one to five minutes.
            mesh.Voice.Hold(service, target, at, dice.LogNormal(4_000, 1), dice.LogNormal(15_000, 1), 60 + dice.Below(240));
            return at + dice.Wait(50 / Math.Max(0.05, service.Level));
        });
    }

    private static void LongPoll(Mesh mesh, Service service)
    {
        var (dice, target) = (service.Dice, mesh.Internet.Http($"events.poll-{service.Source.Name}.com", Provider.Azure.Address(service.Dice), Provider.Azure));
        mesh.Add("a long poll", service, mesh.Options.Start, at =>
        {
            // An event ends the poll early; else the server does after 55 s.
            var length = dice.Chance(0.2 * service.Level) ? 1 + dice.Below(54) : 55;
            mesh.Voice.Hold(service, target, at, 450, length < 55 ? dice.LogNormal(900, 0.8) : 120, length);
            return at + length;
        });
    }

    private static void WebSocket(Mesh mesh, Service service)
    {
        var (dice, by) = (service.Dice, Provider.Cloudflare);
        var target = mesh.Internet.Tls($"ws.stream-{service.Source.Name}.com", by.Address(dice), by, confirmed: false);
        mesh.Add("a WebSocket", service, mesh.Options.Start, at =>
        {
            // A ping each half minute, and messages; the server ends it after some hours and it is opened again.
            var length = 1_800 + dice.Wait(3 * Time.Hour);
            mesh.Voice.Transfer(service, target, at, length / 30.0 * 60, length / 30.0 * dice.LogNormal(400, 0.5), length);
            return at + length + 1 + dice.Below(20);
        });
    }
}
