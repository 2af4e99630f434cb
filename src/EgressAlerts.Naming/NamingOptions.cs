using System.Net;
using EgressAlerts.Common;

namespace EgressAlerts.Naming;

/// <summary>The <c>destinations</c> section of the configuration.</summary>
public sealed record NamingOptions
{
    /// <summary>How long increments wait for the name of their destination before they are counted under its address; 0 s to 1 h.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The user's own networks.</summary>
    public IReadOnlyList<Network> Networks { get; init; } = [];

    /// <summary>Files of networks. Of all that hold an address the most specific wins, the user's own before a file's.</summary>
    public IReadOnlyList<WatchedFile<NetworkTable>> NetworkFiles { get; init; } = [];

    /// <summary>MaxMind DBs, such as GeoLite2-ASN and -Country: where no network of the user's holds an address they say its owner (the organisation),
    /// network (<c>AS16509</c>) and region (the country).</summary>
    public IReadOnlyList<GeoSource> GeoFiles { get; init; } = [];

    /// <summary>Where the Public Suffix List lies, for the registrable domain of names; re-read when it changes. Where there is no such file, the domain is
    /// the last two labels of a name, or three below the usual second levels of countries, such as <c>co.uk</c>.</summary>
    public SuffixSource PublicSuffixList { get; init; } = new("/usr/share/publicsuffix/public_suffix_list.dat");

    /// <summary>Whether names that embed the address become one wildcard name.</summary>
    public bool Collapse { get; init; } = true;

    /// <summary>Whether DNS is asked about private addresses too (<c>dns.reverse_private</c>).</summary>
    public bool ReversePrivate { get; init; }

    /// <summary>Whether names that clients claim are held against DNS (<c>dns.confirm</c>).</summary>
    public bool CheckClaims { get; init; } = true;

    /// <summary>Whether the windows are long past, as in a backtest. Then names are looked up before a window and no window waits for them. And no claim is
    /// refuted, because DNS does not say which addresses a name had then.</summary>
    public bool IsPast { get; init; }
}

/// <summary>A network that the user gave a name.</summary>
public sealed record Network(string Name, IPNetwork Cidr, string Owner, string Region);
