using System.Net;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming.Dns;

/// <summary>The name servers to ask: those of the configuration, or those of the system. The latter are read again when their file changes. Any
/// thread.</summary>
internal sealed class ServerList
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly DnsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WatchedFile<ResolvConf>? _file;
    private readonly Lock _lock = new();
    private volatile Current _current;
    private long _nextLook;

    /// <param name="file">Where the system's servers are found if the configuration names none.</param>
    public ServerList(DnsOptions options, TimeProvider time, ILogger logger, string file)
    {
        (_options, _time, _logger) = (options, time, logger);
        if (options.Servers.Count == 0) _file = new(file, ResolvConf.Read);
        _current = Build();
    }

    public Current Now
    {
        get
        {
            if (_file is not null && _time.GetTimestamp() >= Volatile.Read(ref _nextLook)) Look(_file);
            return _current;
        }
    }

    private void Look(WatchedFile<ResolvConf> file)
    {
        lock (_lock)
        {
            Volatile.Write(ref _nextLook, _time.GetTimestamp() + (long)(LookEvery.TotalSeconds * _time.TimestampFrequency));
            var before = file.Content;
            file.Refresh(_logger);
            if (file.Content != before) _current = Build(); // Questions under way end with the old ones.
        }
    }

    private Current Build()
    {
        var (addresses, timeout, attempts, rotate) = _file?.Content ?? new ResolvConf(_options.Servers, null, null, Rotate: true);
        if (addresses.Count == 0) Log.NoServer(_logger, _file!.Path);
        return new(
            [.. addresses.Select(address => new DnsServer(address, addresses.Count == 1, _time, _logger))],
            _options.Timeout ?? timeout ?? DnsOptions.UsualTimeout,
            _options.Attempts ?? attempts ?? DnsOptions.UsualAttempts,
            rotate);
    }

    /// <summary>The servers as they are known now, and how they are to be asked.</summary>
    internal sealed record Current(IReadOnlyList<DnsServer> Servers, TimeSpan Timeout, int Attempts, bool Rotate)
    {
        private int _next = -1;

        /// <summary>The server with which a question begins. Servers take turns where that is wanted; else the first that works is asked.</summary>
        public int First => Rotate && Servers.Count > 0 ? (Interlocked.Increment(ref _next) & int.MaxValue) % Servers.Count : 0;

        /// <summary>The server of an attempt: the next in turn that does not rest. Null where all rest.</summary>
        public DnsServer? Choose(int first, int attempt)
        {
            for (var i = 0; i < Servers.Count; i++)
            {
                var server = Servers[(first + attempt + i) % Servers.Count];
                if (server.TryUse()) return server;
            }

            return null;
        }
    }
}
