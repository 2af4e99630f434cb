using System.Net;

namespace EgressAlerts.Exam.Traffic;

/// <summary>Whoever announces addresses on the Internet.</summary>
/// <param name="First">The first two bytes of its addresses.</param>
/// <param name="Width">How many values of the second byte belong to it.</param>
internal sealed record Provider(string Network, string Owner, string Region, (byte High, byte Low) First, int Width)
{
    public static Provider Amazon { get; } = new("AS16509", "AMAZON-02", "US", (52, 20), 12);

    public static Provider Google { get; } = new("AS15169", "GOOGLE", "US", (34, 64), 8);

    public static Provider Azure { get; } = new("AS8075", "MICROSOFT", "NL", (20, 40), 8);

    public static Provider Cloudflare { get; } = new("AS13335", "CLOUDFLARENET", "US", (104, 16), 8);

    public static Provider Fastly { get; } = new("AS54113", "FASTLY", "US", (151, 101), 1);

    public static Provider Ocean { get; } = new("AS14061", "DIGITALOCEAN-ASN", "NL", (159, 65), 3);

    public static Provider Hetzner { get; } = new("AS24940", "HETZNER-AS", "DE", (88, 198), 1);

    public static Provider Ovh { get; } = new("AS16276", "OVH", "FR", (51, 68), 8);

    /// <summary>Where nobody in the mesh has ordinary business.</summary>
    public static Provider Remote { get; } = new("AS49505", "SELECTEL", "RU", (92, 53), 1);

    public static IReadOnlyList<Provider> Clouds { get; } = [Amazon, Google, Azure];

    public static IReadOnlyList<Provider> Fronts { get; } = [Cloudflare, Fastly];

    public static IReadOnlyList<Provider> Hosters { get; } = [Ocean, Hetzner, Ovh, Amazon, Azure];

    /// <summary>Where ordinary traffic goes.</summary>
    public static IReadOnlyList<string> Regions { get; } = ["US", "NL", "DE", "FR"];

    public IPAddress Address(Dice dice) => new([First.High, (byte)(First.Low + dice.Below(Width)), (byte)dice.Below(256), (byte)(1 + dice.Below(254))]);
}
