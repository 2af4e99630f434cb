using System.Net;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>A MaxMind DB (.mmdb) that is read again when it changes. Any thread.</summary>
/// <param name="logger">Told when the database cannot be used. It then says nothing of any address until the file has changed.</param>
/// <exception cref="InvalidDataException">There is no logger, and the file is no such database. The message says why.</exception>
internal sealed class GeoSource(string path, ILogger? logger = null) : IDisposable
{
    private const long MaxBytes = 512L << 20;

    /// <summary>Held while a record is read, because a replaced database gives its memory back.</summary>
    private readonly Lock _lock = new();
    private readonly WatchedFile<GeoDatabase?> _file = new(path, file => new GeoDatabase(file), MaxBytes, orElse: null, logger);

    public FileStatus Status => _file.Status;

    /// <summary>What the database says of an address. Null where it says nothing.</summary>
    public GeoRecord? Find(IPAddress address)
    {
        lock (_lock) return _file.Content?.Find(address);
    }

    /// <summary>Reads the file again if it has changed. Called by the pass alone.</summary>
    public void Refresh(ILogger logger)
    {
        lock (_lock)
        {
            var before = _file.Content;
            if (before?.TakeDamage() is { } damage) Log.DamagedDatabase(logger, path, damage);
            _file.Refresh(logger);
            if (_file.Content != before) before?.Dispose();
        }
    }

    public void Dispose() => _file.Content?.Dispose();
}
