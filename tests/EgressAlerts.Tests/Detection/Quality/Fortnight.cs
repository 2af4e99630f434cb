using System.Globalization;
using System.Net;
using EgressAlerts.Model;

namespace EgressAlerts.Tests.Detection.Quality;

/// <summary>Eight days to learn and a fortnight of ordinary traffic of fifty workloads, with labelled attacks in it, minute by minute. The same seed plays the same.</summary>
/// <remarks>Ordinary is: a rhythm of day and week with noise, uploads to own buckets, batch jobs at night and on Sundays, APIs whose addresses change, health checks and
/// exporters that pulse, deployments that bring a new API, an exporter that is rolled out everywhere, and one new version that checks its licence every ten minutes.</remarks>
internal sealed class Fortnight
{
    public const int Workloads = 50;
    private const int Namespaces = 10;
    private const double KiB = 1 << 10;
    private const double MiB = 1 << 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Learning = TimeSpan.FromDays(8);
    public static readonly TimeSpan Length = TimeSpan.FromDays(14);

    private static readonly Destination Backup = Confirmed("backup.vault.example.com", "vault.example.com", NameSource.Registry);
    private static readonly Destination Archive = Confirmed("archive.vault.example.com", "vault.example.com", NameSource.Registry);
    private static readonly Destination Health = Confirmed("health.status.example.com", "status.example.com");
    private static readonly Destination Intake = Confirmed("intake.metrics.example.com", "metrics.example.com", NameSource.Registry);
    private static readonly Destination Traces = Confirmed("otel.traces.example.com", "traces.example.com", NameSource.Registry);
    private static readonly Destination Licence = Confirmed("licence.vendor.example.com", "vendor.example.com");

    private static readonly TimeSpan Apart = TimeSpan.FromHours(30);

    private readonly Dictionary<(Workload, string Address, string Name, Route), Flow> _flows = [];
    private readonly Random _random;
    private readonly List<Service> _services = [];
    private readonly List<Attack> _attacks = [];

    public Fortnight(int seed)
    {
        _random = new Random(seed);
        for (var i = 0; i < Workloads; i++) _services.Add(NewService(i));
        Place();
    }

    /// <summary>A Monday.</summary>
    public static DateTimeOffset Start { get; } = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset End => Start + Learning + Length;

    public IReadOnlyList<Attack> Attacks => _attacks;

    /// <summary>What the minute that begins at an instant shows.</summary>
    public List<NamedIncrement> Minute(DateTimeOffset at)
    {
        var seen = new List<NamedIncrement>();
        foreach (var service in _services) Ordinary(service, at, seen);
        foreach (var attack in _attacks.Where(attack => at >= attack.Start && at < attack.End)) attack.Play(at, _random, seen);
        return seen;
    }

    private static double Rhythm(DateTimeOffset at)
    {
        var hour = at.Hour + (at.Minute / 60.0);
        var day = 0.25 + (0.75 * Math.Max(0, Math.Sin((hour - 6) / 14 * Math.PI)));
        return at.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday ? day * 0.4 : day;
    }

    private static Destination Confirmed(string name, string site, NameSource source = NameSource.Ptr) => new(name, source, Confirmed: true, Site: site, Domain: site);

    private static Destination Unnamed(string address) => new(address, NameSource.Ip, Confirmed: false);

    private void Talk(List<NamedIncrement> seen, Workload source, Destination to, string address, double count, double upload, double download, Route route = Route.Passthrough, string flags = "-")
    {
        if (!_flows.TryGetValue((source, address, to.Name, route), out var flow))
            _flows.Add((source, address, to.Name, route), flow = new Flow(source, new RawDestination(IPAddress.Parse(address), "443", to.Source == NameSource.Registry ? to.Name : "", "", ""), route, Protocol.Tcp));
        seen.Add(new(new Increment(flow, Metric.ConnectionsClosed, "", flags, count), to));
        if (upload > 0) seen.Add(new(new Increment(flow, Metric.UploadBytes, "", "", upload), to));
        if (download > 0) seen.Add(new(new Increment(flow, Metric.DownloadBytes, "", "", download), to));
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>The addresses that a name has in turn.</summary>
    private static IReadOnlyList<string> Pool(int i, int size) => [.. Enumerable.Range(1, size).Select(n => Text($"52.{i}.{size}.{n}"))];

    private Service NewService(int i)
    {
        var source = new Workload(Text($"team-{i % Namespaces}"), Text($"app-{i}"));
        var apis = Enumerable.Range(0, _random.Next(2, 5)).Select(n => new Api(
            Confirmed(Text($"api.partner-{_random.Next(40)}.com"), "", NameSource.Registry) with { Site = Text($"partner-{(i * 5) + n}.com"), Name = Text($"api.partner-{(i * 5) + n}.com") },
            Pool(i, _random.Next(1, 30)),
            Math.Pow(10, (_random.NextDouble() * 2) - 0.5),
            Math.Pow(10, 2.5 + (_random.NextDouble() * 1.5)),
            Start)).ToList();
        // A few write to a bucket of their own all day.
        if (i % 4 == 0) apis.Add(new(Confirmed(Text($"own-{i}.s3.amazonaws.com"), Text($"own-{i}.s3.amazonaws.com"), NameSource.Sni), Pool(i, 40), 2 + (_random.NextDouble() * 4), 150 * KiB * (1 + _random.NextDouble()), Start));
        // A deployment in the second or third week brings an API.
        if (i % 3 == 0) apis.Add(new(Confirmed(Text($"v2.partner-{i}.net"), Text($"partner-{i}.net")), Pool(i, 50), 1 + _random.NextDouble(), 2 * KiB, Start + Learning + TimeSpan.FromHours(_random.Next(14 * 24))));
        return new Service(source, i, apis);
    }

    private void Ordinary(Service service, DateTimeOffset at, List<NamedIncrement> seen)
    {
        var (source, i) = (service.Source, service.Number);
        if (at is { Minute: 0 }) service.Noise = Math.Exp(Normal() * 0.4);
        foreach (var api in service.Apis.Where(api => at >= api.From))
        {
            var count = Poisson(api.PerMinute * Rhythm(at) * service.Noise);
            if (count == 0) continue;
            var upload = count * api.Upload * Math.Exp(Normal() * 0.3);
            Talk(seen, source, api.To, api.Pool[_random.Next(api.Pool.Count)], count, upload, upload * 8);
        }

        // A job at two in the night, about ten minutes early or late, and one on Sundays.
        if (i % 5 == 1 && at.Hour is 1 or 2 && InJob(at, i, hour: 2)) Talk(seen, source, Backup, "54.0.0.7", 1, 12 * MiB * (1 + (_random.NextDouble() / 3)), 10 * KiB);
        if (i % 10 == 2 && at.DayOfWeek == DayOfWeek.Sunday && InJob(at, i, hour: 3)) Talk(seen, source, Archive, "54.0.0.8", 1, 80 * MiB, 10 * KiB);
        // Health checks and exporters, from the first day; from the second Thursday on another one everywhere; a licence check of a new version.
        if (i % 2 == 0) Talk(seen, source, Health, "54.0.1.1", 1, 300, 200);
        if (at.Minute % 5 == i % 5) Talk(seen, source, Intake, "54.0.1.2", 1, 4 * KiB, 300);
        if (at >= Start.AddDays(10) && at.Minute % 5 == 0) Talk(seen, source, Traces, "54.0.1.3", 1, 6 * KiB, 300);
        if (i == 17 && at >= Start.AddDays(13) && at.Minute % 10 == 0) Talk(seen, source, Licence, "54.0.1.4", 1, 900, 400);
    }

    private static bool InJob(DateTimeOffset at, int i, int hour)
    {
        var late = ((at.DayOfYear * 37) + (i * 11)) % 20 - 10;
        var since = (at.TimeOfDay - TimeSpan.FromMinutes((hour * 60) + late)).TotalMinutes;
        return since is >= 0 and < 25;
    }

    /// <summary>Ten of each kind somewhere in the fortnight, those of one workload a day apart.</summary>
    private void Place()
    {
        var number = 0;
        void Add(string kind, string expected, double hours, Action<Attack, DateTimeOffset, Random, List<NamedIncrement>> play)
        {
            for (var i = 0; i < 10; i++, number++)
            {
                Workload source;
                DateTimeOffset start;
                do
                {
                    (source, start) = (_services[_random.Next(Workloads)].Source, Start + Learning + TimeSpan.FromMinutes(_random.Next((int)((Length.TotalHours - hours - 30) * 60))));
                }
                while (_attacks.Any(other => other.Source == source && start < other.End + Apart && other.Start < start.AddHours(hours) + Apart));

                _attacks.Add(new(kind, expected, source, start, start.AddHours(hours), Text($"198.51.{number % 200}.{10 + (number / 200)}"), play));
            }
        }

        Add("burst upload, 1.2 GiB in 20 min", "EgressUploadSpike", 0.33, (attack, _, random, seen) => Talk(seen, attack.Source, Unnamed(attack.Address), attack.Address, 3, 40 * MiB * (1 + random.NextDouble()), 20 * KiB));
        Add("upload of 0.7 GiB to an allowed provider's storage", "EgressUploadSpike", 0.5, (attack, _, random, seen) =>
        {
            var bucket = Text($"loot-{attack.Address.Replace('.', '-')}.s3.amazonaws.com");
            Talk(seen, attack.Source, Confirmed(bucket, bucket, NameSource.Sni), attack.Address, 2, 15 * MiB * (1 + random.NextDouble()), 20 * KiB);
        });
        Add("burst upload over 400 addresses, 2 GiB", "EgressUploadSpike", 0.33, (attack, _, random, seen) =>
        {
            for (var i = 0; i < 20; i++)
            {
                var address = Text($"199.{random.Next(250)}.{random.Next(250)}.7");
                Talk(seen, attack.Source, Unnamed(address), address, 1, 5 * MiB, KiB);
            }
        });
        Add("slow drip, 30 MiB an hour for 3 days", "EgressUploadSpike", 72, (attack, _, _, seen) => Talk(seen, attack.Source, Confirmed("paste.example.net", "paste.example.net"), attack.Address, 1, MiB / 2, KiB));
        foreach (var (jitter, words) in ((double, string)[])[(0, "beacon, 5 min, no jitter"), (0.1, "beacon, 5 min, 10 % jitter"), (0.3, "beacon, 5 min, 30 % jitter")])
        {
            Add(words, "EgressBeaconing", 24, (attack, at, random, seen) =>
            {
                if (at < attack.Next) return;
                attack.Next = (attack.Next == default ? at : attack.Next).AddMinutes(5 * (1 + (jitter * ((2 * random.NextDouble()) - 1))));
                Talk(seen, attack.Source, Unnamed(attack.Address), attack.Address, 1, 400 + random.Next(200), 300 + random.Next(300));
            });
        }

        Add("scan that is refused", "EgressProbing", 0.1, (attack, at, random, seen) =>
        {
            for (var i = 0; i < 10; i++) Talk(seen, attack.Source, Unnamed("x"), Text($"203.{random.Next(1, 250)}.{random.Next(250)}.{1 + random.Next(250)}"), 1, 0, 0, Route.Passthrough, "UF,URX");
        });
        Add("scan that is answered", "EgressFanOut", 0.5, (attack, at, random, seen) =>
        {
            for (var i = 0; i < 20; i++)
            {
                var address = Text($"203.{random.Next(1, 250)}.{random.Next(250)}.{1 + random.Next(250)}");
                Talk(seen, attack.Source, Unnamed(address), address, 1, 100, 100);
            }
        });
        Add("blocked attempt", "EgressBlocked", 0.02, (attack, _, _, seen) => Talk(seen, attack.Source, Unnamed(attack.Address), attack.Address, 1, 0, 0, Route.Blocked, "UH"));
        Add("metadata theft", "EgressMetadataService", 0.02, (attack, _, _, seen) => Talk(seen, attack.Source, new(Words.CloudMetadata, NameSource.Special, Confirmed: true), "169.254.169.254", 2, 400, 3 * KiB));
        Add("forbidden destination", "EgressForbidden", 0.02, (attack, _, _, seen) => Talk(seen, attack.Source, new("www.forbidden.example.org", NameSource.Sni, Confirmed: false), attack.Address, 1, KiB, KiB));
        Add("threat-listed destination", "EgressThreatListed", 0.02, (attack, _, _, seen) => Talk(seen, attack.Source, Unnamed("192.0.2.66"), "192.0.2.66", 1, KiB, KiB));
        Add("spoofed PTR", "EgressNewDestination", 0.05, (attack, _, _, seen) => Talk(seen, attack.Source, new("intake.metrics.example.com", NameSource.PtrUnconfirmed, Confirmed: false), attack.Address, 1, 50 * KiB, KiB));
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private int Poisson(double mean)
    {
        if (mean > 30) return (int)Math.Max(0, Math.Round(mean + (Normal() * Math.Sqrt(mean))));
        var (count, product, limit) = (0, _random.NextDouble(), Math.Exp(-mean));
        for (; product > limit; count++) product *= _random.NextDouble();
        return count;
    }

    private sealed record Api(Destination To, IReadOnlyList<string> Pool, double PerMinute, double Upload, DateTimeOffset From);

    private sealed class Service(Workload source, int number, List<Api> apis)
    {
        public Workload Source => source;

        public int Number => number;

        public List<Api> Apis => apis;

        public double Noise { get; set; } = 1;
    }
}

/// <summary>An attack, and the alert that should tell of it.</summary>
internal sealed class Attack(string kind, string expected, Workload source, DateTimeOffset start, DateTimeOffset end, string address, Action<Attack, DateTimeOffset, Random, List<NamedIncrement>> play)
{
    public string Kind => kind;

    public string Expected => expected;

    public Workload Source => source;

    public DateTimeOffset Start => start;

    public DateTimeOffset End => end;

    public string Address => address;

    /// <summary>When a beacon is due.</summary>
    public DateTimeOffset Next { get; set; }

    public void Play(DateTimeOffset at, Random random, List<NamedIncrement> seen) => play(this, at, random, seen);
}
