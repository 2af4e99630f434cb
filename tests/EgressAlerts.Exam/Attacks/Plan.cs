using EgressAlerts.Exam.Traffic;

namespace EgressAlerts.Exam.Attacks;

/// <summary>Who is attacked when. No workload is attacked twice within two days, so that each alert has one cause.</summary>
internal static class Plan
{
    private const long Apart = 2 * Time.Day;

    /// <summary>What an attack sets going may still be found so long after its end.</summary>
    public const long Aftermath = 26 * Time.Hour;

    private const int Tries = 3_000;

    public static IReadOnlyList<AttackKind> Kinds { get; } =
        [.. Beacons.Kinds, .. HiddenBeacons.Kinds, .. Uploads.Kinds, .. SpreadUploads.Kinds, .. Scans.Kinds, .. Statements.Kinds];

    public static IReadOnlyList<Attack> Of(Mesh mesh, Tally tally, Streams streams)
    {
        var (busy, attacks) = (new Calendar(), new List<Attack>());
        // What fits few workloads comes first, then what takes most room.
        var kinds = Kinds.OrderBy(kind => mesh.Services.Count(kind.Fits)).ThenByDescending(kind => (kind.Hours + 48) * kind.Workloads)
            .ThenBy(kind => kind.Name, StringComparer.Ordinal);
        foreach (var kind in kinds)
        {
            for (var copy = 0; copy < Math.Max(1, kind.Copies * mesh.Options.Workloads / 50); copy++)
            {
                if (Place(kind, mesh.Dice($"when {kind.Name} {copy}"), mesh.Services, busy) is not var (services, start)) continue;
                var attack = new Attack(kind, copy, services, start, mesh, tally, streams);
                foreach (var service in services) busy.Add(service, start, attack.End);
                attacks.Add(attack);
            }
        }

        return attacks;
    }

    private static (List<Service> Services, long Start)? Place(AttackKind kind, Dice dice, IReadOnlyList<Service> all, Calendar busy)
    {
        var fitting = all.Where(kind.Fits).ToList();
        if (fitting.Count < kind.Workloads) return null;
        var length = (long)(kind.Hours * Time.Hour);
        // There is time to find it, where it is not as long as the fortnight itself.
        var latest = Time.End - length - Aftermath;
        for (var i = 0; i < Tries; i++)
        {
            var first = dice.Pick(fitting);
            var moments = kind.Moments?.Invoke(first).Where(moment => moment <= Time.End - length).ToList();
            if (moments is { Count: 0 }) continue;
            var start = moments is null ? Time.JudgedFrom + (long)(dice.Unit() * (latest - Time.JudgedFrom)) : dice.Pick(moments);
            List<Service> services = [first];
            if (kind.Workloads > 1)
                services = [.. fitting.Where(service => busy.IsFree(service, start, length)).OrderBy(_ => dice.Unit()).Take(kind.Workloads)];
            if (services.Count == kind.Workloads && services.TrueForAll(service => busy.IsFree(service, start, length))) return (services, start);
        }

        return null;
    }

    /// <summary>When each service is attacked.</summary>
    private sealed class Calendar
    {
        private readonly Dictionary<Service, List<(long Start, long End)>> _times = [];

        public void Add(Service service, long start, long end)
        {
            if (!_times.TryGetValue(service, out var times)) _times.Add(service, times = []);
            times.Add((start, end));
        }

        public bool IsFree(Service service, long start, long length) =>
            !_times.TryGetValue(service, out var times) || times.TrueForAll(time => start >= time.End + Apart || start + length + Apart <= time.Start);
    }
}
