using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Says whether an entry that a workload sees registers a host. Immutable; any thread.</summary>
/// <param name="port">Digits; empty where it is not known.</param>
public delegate bool RegisteredHosts(Workload source, string host, string port);

/// <summary>Knows which hosts are in Istio's registry: from the registry itself where somebody has given it, else where series tell.</summary>
/// <remarks>Since Istio 1.23 a proxy tells the namespace of a ServiceEntry. A request that
/// <c>ALLOW_ANY_DYNAMIC_DNS</c> (1.31) let out looks the same, but has no namespace.</remarks>
internal sealed class HostRegister(DynamicDns mode, StoredState state)
{
    /// <summary>Beyond this many hosts, further ones are known only by their own series.</summary>
    private const int MaxHosts = 20_000;

    private readonly Table<string, bool> _registered = state.Table(
        new Shape<string, bool>("registered_host", ["host"], host => [host], values => (string)values[0], [], _ => [], _ => true));
    private readonly HashSet<string> _unregistered = [];
    private RegisteredHosts? _known;
    private bool _changed;

    /// <summary>Takes a host that a series names together with its namespace.</summary>
    public void Saw(string host)
    {
        host = Clean(host);
        if (host == LabelValues.Invalid || _registered.Count >= MaxHosts || _registered.Has(host)) return;
        _registered.Put(host, true);
        // The first host shows that proxies of this mesh tell namespaces. A later one matters only if it had been taken for unregistered.
        _changed |= mode != DynamicDns.Never && (_registered.Count == 1 || _unregistered.Remove(host));
    }

    /// <summary>Takes what the registry itself says. Null where nobody has given it.</summary>
    /// <returns>Whether earlier series would be classified in another way.</returns>
    public bool Use(RegisteredHosts? known)
    {
        if (ReferenceEquals(known, _known)) return false;
        _known = known;
        return mode == DynamicDns.Auto;
    }

    /// <summary>Whether a host that a series names without a namespace is one that no ServiceEntry has.</summary>
    public bool IsUnregistered(Workload source, string host)
    {
        if (mode == DynamicDns.Auto && _known is { } known)
        {
            var (name, port) = AddressText.Split(host);
            return !known(source, LabelText.Host(name), LabelText.Port(port));
        }

        return IsUnregistered(host);
    }

    /// <summary>As the other, by series alone.</summary>
    public bool IsUnregistered(string host)
    {
        host = Clean(host);
        var tells = mode == DynamicDns.Always || (mode == DynamicDns.Auto && _registered.Count > 0);
        if (!tells || _registered.Has(host)) return false;
        if (_unregistered.Count < MaxHosts) _unregistered.Add(host);
        return true;
    }

    /// <summary>True once after something was learned that changes how earlier series would be classified.</summary>
    public bool TakeChange()
    {
        var changed = _changed;
        _changed = false;
        return changed;
    }

    /// <summary>The host as it would be exported, which also bounds its length.</summary>
    private static string Clean(string host) => LabelText.Host(AddressText.Split(host).Host);
}
