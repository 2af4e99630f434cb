namespace EgressAlerts.Registry;

/// <summary>What is wrong or surprising about a ServiceEntry.</summary>
/// <param name="Other">The entry that it contradicts. Null where it is about one entry.</param>
/// <param name="What">A whole sentence for people.</param>
/// <param name="Remedy">What to do about it, as a whole sentence.</param>
public sealed record EntryFinding(EntryFault Fault, ResourceName Entry, ResourceName? Other, string What, string Remedy);

/// <summary>The kinds of <see cref="EntryFinding"/>. Pages and JSON spell them in lower case with underscores.</summary>
public enum EntryFault
{
    /// <summary>Two entries take all TCP of one port, and one of them wins.</summary>
    RawPortTwice,

    /// <summary>TCP without addresses takes the TLS of other hosts on the same port (istio/istio#58696).</summary>
    TakesTls,

    /// <summary>Two entries register one host, and one of them wins.</summary>
    HostTwice,

    /// <summary>TCP without addresses lets every address on the port out.</summary>
    OpensPort,

    /// <summary>The host is <c>*</c>.</summary>
    AnyHost,

    /// <summary>A wildcard whose traffic goes to the address that the client dialled.</summary>
    WildcardToAnyAddress,

    /// <summary>A wildcard whose names are the client's word.</summary>
    WildcardByClaim,

    /// <summary>Ambient mode does not look at <c>exportTo</c>.</summary>
    ExportIgnored,
}

/// <summary>A registered host that nobody uses.</summary>
/// <param name="LastUsed">Null where no use is remembered.</param>
public sealed record UnusedHost(ResourceName Entry, string Host, DateTimeOffset? LastUsed);
