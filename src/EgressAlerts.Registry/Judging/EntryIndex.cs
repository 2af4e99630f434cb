namespace EgressAlerts.Registry;

/// <summary>Finds entries by host and by port, the oldest first. Hot: one look-up for each of tens of thousands of flows.</summary>
internal sealed class EntryIndex
{
    private static readonly ServiceEntry[] None = [];

    private readonly Dictionary<string, ServiceEntry[]> _byHost;
    private readonly Dictionary<string, ServiceEntry[]>.AlternateLookup<ReadOnlySpan<char>> _bySuffix;
    private readonly Dictionary<int, ServiceEntry[]> _byPort;

    public EntryIndex(IEnumerable<ServiceEntry> entries)
    {
        // Istio lets the oldest of several services with one host win. An entry that nobody has applied yet is the newest.
        var byAge = entries.OrderBy(entry => entry.Created ?? DateTimeOffset.MaxValue).ThenBy(entry => entry.Name.Name, StringComparer.Ordinal)
            .ThenBy(entry => entry.Name.Namespace, StringComparer.Ordinal).ToList();
        _byHost = Group(byAge, entry => entry.Hosts);
        // A wildcard is found by what follows its asterisk.
        _bySuffix = _byHost.Where(pair => HostName.IsWildcard(pair.Key)).ToDictionary(pair => pair.Key[1..], pair => pair.Value)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        _byPort = Group(byAge, entry => entry.Ports.Select(port => port.Number));
    }

    public ServiceEntry[] WithHost(string host) => _byHost.GetValueOrDefault(host, None);

    public ServiceEntry[] OnPort(int port) => _byPort.GetValueOrDefault(port, None);

    public IEnumerable<int> Ports => _byPort.Keys;

    /// <summary>The registered hosts that stand for a name, the most specific first.</summary>
    public List<string> HostsFor(string name)
    {
        var hosts = new List<string>();
        if (_byHost.ContainsKey(name)) hosts.Add(name);
        for (var i = HostName.IsWildcard(name) ? 1 : 0; i <= name.Length; i++)
        {
            if (_bySuffix.TryGetValue(name.AsSpan(i), out var suffix, out _) && "*" + suffix != name) hosts.Add("*" + suffix);
        }

        return hosts;
    }

    private static Dictionary<T, ServiceEntry[]> Group<T>(IEnumerable<ServiceEntry> entries, Func<ServiceEntry, IEnumerable<T>> keys)
        where T : notnull => entries.SelectMany(entry => keys(entry).Distinct().Select(key => (key, entry)))
            .GroupBy(pair => pair.key, pair => pair.entry)
            .ToDictionary(group => group.Key, group => group.ToArray());
}
