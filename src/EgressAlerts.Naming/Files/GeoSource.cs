using System.Net;
using EgressAlerts.Common;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>A MaxMind DB (.mmdb) that is read again when it changes. Called by the pass alone.</summary>
/// <exception cref="InvalidDataException">The file is no such database. The message says why.</exception>
public sealed class GeoSource(string path)
{
    private const long MaxBytes = 512L << 20;

    private readonly WatchedFile<GeoDatabase> _file = new(path, file => new GeoDatabase(file), MaxBytes);

    /// <summary>What the database says of an address. Null where it says nothing.</summary>
    internal GeoRecord? Find(IPAddress address) => _file.Content.Find(address);

    internal void Refresh(ILogger logger)
    {
        var before = _file.Content;
        if (before.TakeDamage() is { } damage) Log.DamagedDatabase(logger, path, damage);
        _file.Refresh(logger);
        if (_file.Content != before) before.Dispose(); // Only the pass reads it, and the pass is here.
    }
}
