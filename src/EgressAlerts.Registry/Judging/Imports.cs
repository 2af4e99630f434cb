namespace EgressAlerts.Registry;

/// <summary>What the egress listeners of a Sidecar let its workloads know of.</summary>
internal sealed class Imports
{
    private readonly Listener[] _listeners;

    /// <param name="sidecar">Null where no Sidecar applies, so that everything is known.</param>
    /// <param name="ns">The namespace of the workloads. It is not the Sidecar's own where the Sidecar is in the root namespace.</param>
    public Imports(Sidecar? sidecar, string ns) =>
        _listeners = sidecar is null || sidecar.Egress.Count == 0
            ? [new(null, [("*", "*")], [])]
            // A Unix socket is no way out for traffic that was captured.
            : [.. sidecar.Egress.Where(listener => listener.Port != 0).Select(listener => Listener.Of(listener, ns))];

    /// <summary>Whether a host of a namespace is known on a port. Null where the namespace is not known and would decide.</summary>
    public bool? Has(string? ns, string host, int port)
    {
        // A listener with the port itself goes before those for all ports.
        var own = Array.Exists(_listeners, listener => listener.Port == port);
        bool? best = false;
        foreach (var listener in _listeners)
        {
            if (own ? listener.Port != port : listener.Port is not null) continue;
            switch (listener.Has(ns, host))
            {
                case true: return true;
                case null: best = null; break;
                default: break;
            }
        }

        return best;
    }

    private sealed record Listener(int? Port, (string Namespace, string Host)[] Included, (string Namespace, string Host)[] Excluded)
    {
        public static Listener Of(EgressListener listener, string ns)
        {
            var (included, excluded) = (new List<(string, string)>(), new List<(string, string)>());
            foreach (var text in listener.Hosts)
            {
                var slash = text.IndexOf('/', StringComparison.Ordinal);
                var (of, host) = (text[..slash], text[(slash + 1)..]);
                var isExcluded = of.StartsWith('~');
                if (isExcluded) of = of.Length == 1 ? "*" : of[1..];
                (isExcluded ? excluded : included).Add((of == "." ? ns : of, host));
            }

            return new(listener.IsProxy ? null : listener.Port, [.. included], [.. excluded]);
        }

        public bool? Has(string? ns, string host)
        {
            var excluded = Any(Excluded, ns, host);
            if (excluded is true) return false;
            var included = Any(Included, ns, host);
            return included is false ? false : excluded is null ? null : included;
        }

        private static bool? Any((string Namespace, string Host)[] patterns, string? ns, string host)
        {
            bool? any = false;
            foreach (var pattern in patterns)
            {
                if (!HostName.IsWithin(host, pattern.Host)) continue;
                if (pattern.Namespace == "*" || pattern.Namespace == ns) return true;
                if (ns is null) any = null;
            }

            return any;
        }
    }
}
