using EgressAlerts.Files;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>A MaxMind DB (.mmdb) that is read again when it changes. Called by the pass alone.</summary>
/// <exception cref="InvalidDataException">The file is no such database; the message says why.</exception>
public sealed class GeoSource(string path)
{
    private readonly WatchedFile<MaxMindDb> _file = new(path, file => new MaxMindDb(file));

    internal MaxMindDb Db => _file.Content;

    internal void Refresh(ILogger logger) => _file.Refresh(logger);
}
