using System.Globalization;

namespace EgressAlerts.MeshSimulator;

/// <summary>The stories that the simulator can play, by name.</summary>
public static class Scenarios
{
    public static IReadOnlyList<string> Names { get; } = ["story", "churn", "restarts", "post-2019", "gateway", "ambient", "telemetry", "steady"];

    /// <exception cref="ArgumentException">There is no such scenario.</exception>
    public static Scenario Named(string name, int series = 10_000) => name switch
    {
        "story" => Story(),
        "churn" => Churn(TimeSpan.FromMilliseconds(250)),
        "restarts" => Restarts(TimeSpan.FromMilliseconds(250)),
        "post-2019" => Post2019(),
        "gateway" => Gateway(),
        "ambient" => Ambient(),
        "telemetry" => Telemetry(),
        "steady" => Steady(series),
        _ => throw new ArgumentException($"there is no scenario '{name}'; there are: {string.Join(", ", Names)}", nameof(name)),
    };

    /// <summary>The demo: a small shop, a crawler with two dozen sites, and a report job that is refused.</summary>
    /// <remarks>It also has one request under a forged name, and an upload to an address that nobody knows.</remarks>
    public static Scenario Story()
    {
        var stripe = new Target(Way.Registered, "api.stripe.com", "", 443);
        var weather = new Target(Way.Passthrough, "api.weather.example.com", "93.184.215.14", 80);
        var ec2 = new Target(Way.Passthrough, "", "52.22.188.80", 443);
        var mail = new Target(Way.Passthrough, "", "145.14.30.7", 587);
        var pulse = new Target(Way.Passthrough, "", "141.95.33.20", 8443);
        var unknown = new Target(Way.Passthrough, "", "185.199.72.11", 443);
        var forged = new Target(Way.Passthrough, "www.mailer.example.com", "141.95.33.98", 80);
        var refusedWeb = new Target(Way.Blocked, "pastebin.example.org", "", 80);
        var refusedTcp = new Target(Way.Blocked, "", "141.95.33.99", 4444);
        var reviews = new Target(Way.InMesh, "reviews", "10.44.0.200", 9080);
        var sites = Enumerable.Range(1, 24)
            .Select(i => new Target(Way.Passthrough, string.Create(CultureInfo.InvariantCulture, $"site-{i}.example.net"), "", 80))
            .ToList();
        var zone = new DnsZone()
            .Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com")
            .Named("145.14.30.7", "smtp.mailer.example.com", "www.mailer.example.com")
            .Forward("93.184.215.14", "api.weather.example.com")
            .Named("141.95.33.98", "vps-98.hoster.example.net")
            .Spoofed("141.95.33.20", "update.microsoft.com.cdn.example.net")
            .Named("141.95.33.99", "vps-99.hoster.example.net");
        (string Namespace, string Workload)[] pods =
            [("shop", "cart"), ("shop", "cart"), ("shop", "checkout"), ("batch", "report"), ("search", "crawler")];
        var started = false;
        return new Scenario("story", TimeSpan.FromSeconds(1), world =>
        {
            if (!started)
            {
                foreach (var (ns, workload) in pods) world.Start(ns, workload);
                started = true;
            }

            var (cart, checkout, report) = (world.Pods[world.Tick % 2], world.Pods[2], world.Pods[3]);
            cart.Http(reviews, count: 5);
            cart.Http(weather, count: 1 + world.Random.Next(3));
            checkout.Http(stripe, count: 1 + world.Random.Next(2), sent: 900);
            for (var i = 0; i < 3; i++) world.Pods[4].Http(sites[((world.Tick * 3) + i) % sites.Count]);
            if (world.Tick % 3 == 0) checkout.Tcp(ec2, sent: 4000, got: 20_000);
            if (world.Tick % 7 == 0) report.Tcp(mail, sent: 30_000, got: 900);
            if (world.Tick % 60 == 20) checkout.Tcp(pulse, sent: 120, got: 80);
            if (world.Tick == 35) report.Tcp(refusedTcp);
            if (world.Tick == 36) report.Http(refusedWeb);
            if (world.Tick == 42) world.Pods[0].Restart();
            if (world.Tick == 40) report.Http(forged, sent: 2_000_000);
            if (world.Tick is >= 48 and < 52) report.Tcp(unknown, sent: 60_000_000, got: 4_000);
            Batch(world, ec2);
        }, zone);
    }

    /// <summary>Everything that makes counting hard, at once: births, restarts, pods that live for one scrape, traffic on every route.</summary>
    public static Scenario Churn(TimeSpan tick)
    {
        var zone = new DnsZone { Ttl = 30, SlowBy = TimeSpan.FromSeconds(1.5) };
        var targets = new List<Target>();
        for (var i = 1; i <= 40; i++)
        {
            var address = string.Create(CultureInfo.InvariantCulture, $"52.30.{i}.{i * 3}");
            targets.Add(new Target(i % 5 == 0 ? Way.Blocked : Way.Passthrough, "", address, i % 2 == 0 ? 443 : 8000 + i));
            if (i % 4 == 1) zone.Named(address, string.Create(CultureInfo.InvariantCulture, $"ec2-52-30-{i}-{i * 3}.eu-west-1.compute.amazonaws.com"));
            if (i % 4 == 2) zone.Spoofed(address, "www.bank.example.com");
            if (i % 4 == 3) zone.Reverse(address, i % 8 == 3 ? DnsBehaviour.Slow : DnsBehaviour.Servfail, "slow.example.com");
        }

        var web = Enumerable.Range(1, 12).Select(i => new Target(
            (Way)(i % 3), string.Create(CultureInfo.InvariantCulture, $"host-{i}.example.com"), "", 80)).ToList();
        var inside = new Target(Way.InMesh, "reviews", "10.44.0.200", 9080);
        var started = false;
        return new Scenario("churn", tick, world =>
        {
            if (!started)
            {
                for (var i = 0; i < 12; i++) world.Start("ns-" + (i % 3), "workload-" + (i % 5));
                started = true;
            }

            var random = world.Random;
            foreach (var pod in world.Pods.Take(12))
            {
                if (random.Next(3) == 0)
                {
                    var target = targets[random.Next(Math.Min(targets.Count, 5 + (world.Tick / 4)))];
                    pod.Tcp(target, 1 + random.Next(3), random.Next(5000), random.Next(50_000));
                }

                if (random.Next(3) == 0)
                {
                    var site = web[random.Next(web.Count)];
                    pod.Http(site, 1 + random.Next(4), random.Next(900), random.Next(9000), random.Next(10) == 0 ? "503" : "");
                }

                if (random.Next(2) == 0) pod.Http(inside);
                if (random.Next(80) == 0) pod.Restart();
            }

            Batch(world, targets[world.Tick % targets.Count]);
        }, zone);
    }

    /// <summary>Six pods that are restarted, each at a tick of its own. In between, every counter grows with every tick, so that
    /// it takes as long to get back to its old height: whoever sees it every few ticks can tell a restart from growth.</summary>
    /// <param name="life">Ticks from one restart of a pod to the next. Who sees nothing for as long cannot tell a restart from growth.</param>
    public static Scenario Restarts(TimeSpan tick, int life = 60)
    {
        const int Pods = 6;
        var zone = new DnsZone();
        Target[] targets = [new(Way.Passthrough, "", "52.30.1.3", 443), new(Way.Blocked, "", "52.30.2.6", 8002)];
        Target[] web = [new(Way.Registered, "host-1.example.com", "", 80), new(Way.Passthrough, "host-2.example.com", "", 80)];
        return new Scenario("restarts", tick, world =>
        {
            for (var pod = world.Pods.Count; pod < Pods; pod++) world.Start("ns-" + (pod % 3), "workload-" + pod);
            var random = world.Random;
            foreach (var (number, pod) in world.Pods.Index())
            {
                if ((world.Tick + (number * life / Pods)) % life == 0) pod.Restart();
                foreach (var target in targets) pod.Tcp(target, 1 + random.Next(2), 400 + random.Next(400), 1000 + random.Next(1000));
                foreach (var target in web) pod.Http(target, 1 + random.Next(2), 100 + random.Next(100), 300 + random.Next(300));
            }
        }, zone);
    }

    /// <summary>The four samples of Istio's 2019 post on monitoring external traffic, as its Mixer showed them.</summary>
    public static Scenario Post2019()
    {
        var web = new Target(Way.Passthrough, "httpbin.org", "", 80);
        var tcp = new Target(Way.Passthrough, "", "52.22.188.80", 443);
        var zone = new DnsZone().Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com");
        return new Scenario("post-2019", TimeSpan.FromSeconds(1), world =>
        {
            if (world.Tick == 0) world.Start("default", "idle", Dialect.Mixer).Http(web);
            if (world.Tick != 15) return;
            var sleep = world.Start("default", "sleep", Dialect.Mixer);
            sleep.Http(web);
            sleep.Tcp(tcp);
            sleep.Http(web with { Way = Way.Blocked });
            sleep.Tcp(tcp with { Way = Way.Blocked });
        }, zone);
    }

    /// <summary>Two hops: from a sidecar to the egress gateway, and from there to a registered host.</summary>
    public static Scenario Gateway()
    {
        var hop = new Target(Way.Gateway, "istio-egressgateway", "", 443);
        var outside = new Target(Way.Registered, "app.example-2.com", "", 443);
        return new Scenario("gateway", TimeSpan.FromSeconds(1), world =>
        {
            if (world.Pods.Count == 0)
            {
                world.Start("default", "sleep");
                world.Start("istio-system", "istio-egressgateway");
            }

            world.Pods[0].Http(hop);
            world.Pods[1].Http(outside);
        }, new DnsZone());
    }

    /// <summary>Ambient: the node proxy counts bytes and connections and knows no destination.</summary>
    public static Scenario Ambient()
    {
        var nowhere = new Target(Way.Passthrough, "", "", 0);
        return new Scenario("ambient", TimeSpan.FromSeconds(1), world =>
        {
            if (world.Pods.Count == 0) world.Start("server", "debugbox", Dialect.Ztunnel);
            world.Pods[0].Tcp(nowhere);
        }, new DnsZone());
    }

    /// <summary>Telemetry that does not tell all: a workload without added dimensions, one whose metrics Envoy mangled, one that is well.</summary>
    public static Scenario Telemetry()
    {
        var outside = new Target(Way.Passthrough, "", "52.22.188.80", 443);
        return new Scenario("telemetry", TimeSpan.FromMilliseconds(250), world =>
        {
            if (world.Pods.Count == 0)
            {
                world.Start("shop", "well");
                world.Start("shop", "plain", Dialect.Plain);
                world.Start("shop", "mangled", Dialect.Mangled);
            }

            foreach (var pod in world.Pods) pod.Tcp(outside);
            world.Pods[1].Tcp(outside with { Way = Way.Blocked });
        }, new DnsZone().Named("52.22.188.80", "ec2-52-22-188-80.compute-1.amazonaws.com"));
    }

    /// <summary>A given number of raw series of which a tenth moves, every second: for measuring, so nothing is remembered.</summary>
    public static Scenario Steady(int series)
    {
        const int SeriesPerFlow = 4;
        const int FlowsPerPod = 10;
        var zone = new DnsZone { Ttl = 3600 };
        var targets = Enumerable.Range(0, 200).Select(i =>
        {
            var address = string.Create(CultureInfo.InvariantCulture, $"52.40.{i / 100}.{(i % 100) + 1}");
            zone.Named(address, string.Create(CultureInfo.InvariantCulture, $"service-{i}.example.com"));
            return new Target(Way.Passthrough, "", address, 443);
        }).ToList();
        return new Scenario("steady", TimeSpan.FromSeconds(1), world =>
        {
            if (world.Pods.Count == 0)
            {
                for (var i = 0; i < series / SeriesPerFlow / FlowsPerPod; i++)
                {
                    var pod = world.Start("ns-" + (i % 10), "workload-" + (i % 50));
                    for (var flow = 0; flow < FlowsPerPod; flow++) pod.Tcp(targets[((i * 7) + flow) % targets.Count]);
                }
            }

            for (var number = 0; number < world.Pods.Count; number += 10)
            {
                for (var flow = 0; flow < FlowsPerPod; flow++) world.Pods[number].Tcp(targets[((number * 7) + flow) % targets.Count]);
            }
        }, zone, RememberedScrapes: 0);
    }

    /// <summary>A job pod every few ticks that lives for as few: some are seen by one scrape, some by none.</summary>
    private static void Batch(World world, Target target)
    {
        foreach (var old in world.Pods.Where(pod => pod.Workload == "job").ToList())
        {
            if (world.Random.Next(4) == 0) world.Stop(old);
        }

        if (world.Tick % 5 == 4) world.Start("batch", "job").Tcp(target, 1 + world.Random.Next(3));
    }
}
