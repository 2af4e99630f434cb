using EgressAlerts.Model;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Destinations that many workloads use, whatever they do.</summary>
internal sealed class Popular
{
    private readonly IReadOnlyList<Pool> _fronts;

    public Popular(Mesh mesh)
    {
        var (net, dice) = (mesh.Internet, mesh.Dice("popular"));
        Telemetry = net.Registered("intake.telemetry-saas.com", Provider.Amazon.Address(dice), Provider.Amazon);
        Flags = net.Tls("clientstream.feature-flags.io", Provider.Fastly.Address(dice), Provider.Fastly);
        Payments = net.Registered("api.payments-saas.com", Provider.Amazon.Address(dice), Provider.Amazon, Protocol.Http);
        Files = net.Tls("upload.files-saas.com", Provider.Google.Address(dice), Provider.Google);
        Crm = net.Tls("api.crm-saas.com", Provider.Azure.Address(dice), Provider.Azure);
        Anycast = [.. Enumerable.Range(0, 2).Select(_ => net.Tls("cdn.assets-front.com", Provider.Cloudflare.Address(dice), Provider.Cloudflare))];
        _fronts =
        [
            // Two addresses that all the world uses.
            new(own => own.Pick(Anycast), 2, Time.Day, mesh.Dice("anycast")),
            // Ever other addresses, most of which the mesh's own resolver has seen within a day.
            new(own => net.Tls("d1k2j3.cloudfront.net", Provider.Amazon.Address(own), Provider.Amazon, own.Chance(0.92)), 60, 12 * Time.Hour,
                mesh.Dice("rotating")),
            // Addresses that differ by resolver, so that DNS does not confirm them.
            new(own => net.Tls("edge.images-front.net", Provider.Fastly.Address(own), Provider.Fastly, confirmed: false), 8, 2 * Time.Day,
                mesh.Dice("unconfirmed")),
        ];

        // One address of Amazon's store serves all buckets; its reverse name says nothing of them.
        StoreByReverse = new(own => net.Reverse("s3-r-w.eu-central-1.amazonaws.com", Provider.Amazon.Address(own), Provider.Amazon), 40, 2 * Time.Day,
            mesh.Dice("store"));
    }

    public Target Telemetry { get; }

    public Target Flags { get; }

    public Target Payments { get; }

    public Target Files { get; }

    public Target Crm { get; }

    public Pool StoreByReverse { get; }

    /// <summary>A content network's addresses under a name that DNS confirms.</summary>
    public IReadOnlyList<Target> Anycast { get; }

    public IReadOnlyList<Target> Names => [Payments, Files, Crm, Flags, Telemetry];

    /// <summary>An address of a content network under one of its names.</summary>
    public Pool Front(Dice dice) => dice.Pick(_fronts);

    /// <summary>A bucket that the telemetry tells from others.</summary>
    public static Target Bucket(Mesh mesh, string name, Dice dice) =>
        mesh.Internet.Tls($"{name}.s3.eu-central-1.amazonaws.com", Provider.Amazon.Address(dice), Provider.Amazon);
}
