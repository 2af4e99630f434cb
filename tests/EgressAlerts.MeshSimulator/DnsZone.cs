using System.Net;

namespace EgressAlerts.MeshSimulator;

/// <summary>How the reverse zone behaves when asked about an address.</summary>
public enum DnsBehaviour
{
    Answer,
    Servfail,
    Refused,

    /// <summary>Never answers.</summary>
    Silent,

    /// <summary>Answers after <see cref="DnsZone.SlowBy"/>.</summary>
    Slow,

    /// <summary>Says over UDP that the answer does not fit, and gives it over TCP.</summary>
    Truncated,

    /// <summary>Answers with an alias into a delegated zone (RFC 2317) and the record there.</summary>
    Delegated,

    /// <summary>Answers with bytes that are no host name: markup, control characters, an address, a compression loop.</summary>
    Hostile,

    /// <summary>Answers with something that is no DNS message.</summary>
    Rubbish,
}

/// <summary>What the simulator's name server knows.</summary>
public sealed class DnsZone
{
    private readonly Dictionary<IPAddress, (DnsBehaviour Behaviour, IReadOnlyList<string> Names)> _reverse = [];
    private readonly Dictionary<string, List<IPAddress>> _forward = new(StringComparer.OrdinalIgnoreCase);

    public TimeSpan SlowBy { get; set; } = TimeSpan.FromSeconds(3);

    public uint Ttl { get; set; } = 60;

    /// <summary>The address has these names, and each resolves back to it.</summary>
    public DnsZone Named(string address, params string[] names) => Reverse(address, DnsBehaviour.Answer, names).Forward(address, names);

    /// <summary>The address has these names, but they resolve elsewhere or not at all.</summary>
    public DnsZone Spoofed(string address, params string[] names) => Reverse(address, DnsBehaviour.Answer, names);

    public DnsZone Reverse(string address, DnsBehaviour behaviour, params string[] names)
    {
        _reverse[IPAddress.Parse(address)] = (behaviour, names);
        return this;
    }

    public DnsZone Forward(string address, params string[] names)
    {
        foreach (var name in names)
        {
            if (!_forward.TryGetValue(name, out var addresses)) _forward.Add(name, addresses = []);
            addresses.Add(IPAddress.Parse(address));
        }

        return this;
    }

    /// <summary>The name has no address any more.</summary>
    public DnsZone NoForward(string name)
    {
        _forward.Remove(name);
        return this;
    }

    internal (DnsBehaviour Behaviour, IReadOnlyList<string> Names)? Find(IPAddress address) => _reverse.TryGetValue(address, out var found) ? found : null;

    internal IReadOnlyList<IPAddress> Addresses(string name) => _forward.TryGetValue(name, out var addresses) ? addresses : [];
}
