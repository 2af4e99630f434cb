using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;

namespace EgressAlerts.Naming;

/// <summary>The <c>destinations</c> section of the configuration.</summary>
public sealed record NamingOptions : ICheckedOptions
{
    /// <summary>How long increments wait for the name of their destination before they are counted under its address.</summary>
    [Duration("0s", "1h")]
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The user's own networks.</summary>
    public IReadOnlyList<NetworkEntry> Networks { get; init; } = [];

    /// <summary>Files of networks, as <see cref="NetworkFile"/> reads them. They are read again when they change. Of all networks that hold an address the most
    /// specific wins, the user's own before a file's.</summary>
    public IReadOnlyList<string> NetworkFiles { get; init; } = [];

    /// <summary>MaxMind databases, such as GeoLite2-ASN and -Country, read again when they change. Where no network of the user's holds an address they say its
    /// owner (the organisation), network (<c>AS16509</c>) and region (the country).</summary>
    [Key("mmdb_files")]
    public IReadOnlyList<string> GeoFiles { get; init; } = [];

    /// <summary>Where the Public Suffix List lies, for the registrable domain of names; re-read when it changes. Where there is no such file, the domain is
    /// the last two labels of a name, or three below the usual second levels of countries, such as <c>co.uk</c>.</summary>
    public string PublicSuffixList { get; init; } = "/usr/share/publicsuffix/public_suffix_list.dat";

    /// <summary>Whether names that embed the address become one wildcard name.</summary>
    public bool Collapse { get; init; } = true;

    /// <summary>Whether DNS is asked about private addresses too (<c>dns.reverse_private</c>).</summary>
    [NoKey]
    public bool ReversePrivate { get; init; }

    /// <summary>Whether names that clients claim are held against DNS (<c>dns.confirm</c>).</summary>
    [NoKey]
    public bool CheckClaims { get; init; } = true;

    /// <summary>Whether the windows are long past, as in a backtest. Then names are looked up before a window and no window waits for them. And no claim is
    /// refuted, because DNS does not say which addresses a name had then.</summary>
    [NoKey]
    public bool IsPast { get; init; }

    /// <inheritdoc/>
    public IEnumerable<(string Key, string Complaint)> Faults(Func<string, bool> isGiven) =>
        NetworkFiles.Select(file => ("network_files", UsableFile.Fault(() => NetworkFile.Read(file))))
            .Concat(GeoFiles.Select(file => ("mmdb_files", UsableFile.Fault(() => new GeoSource(file).Dispose()))))
            .Append(("public_suffix_list", UsableFile.Fault(() => _ = new SuffixSource(PublicSuffixList))))
            .Where(fault => fault.Item2 is not null)!;
}

/// <summary>Networks that the user gave a name.</summary>
public sealed record NetworkEntry
{
    [PlainName, Required]
    public string Name { get; init; } = "";

    public string Owner { get; init; } = "";

    public string Region { get; init; } = "";

    [Cidr, Required("holds no network")]
    public IReadOnlyList<IPNetwork> Cidrs { get; init; } = [];

    internal IEnumerable<Network> Networks => Cidrs.Select(cidr => new Network(Name, cidr, Owner, Region));
}

/// <summary>A network that the user gave a name.</summary>
public sealed record Network(string Name, IPNetwork Cidr, string Owner, string Region);
