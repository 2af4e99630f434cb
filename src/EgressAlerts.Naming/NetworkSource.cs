using EgressAlerts.Files;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>A file of named networks that is read again when it changes. Called by the pass alone.</summary>
/// <param name="read">Gives the file's networks, or throws an <see cref="InvalidDataException"/> that says what is wrong with it.</param>
/// <exception cref="InvalidDataException">From <paramref name="read"/>.</exception>
public sealed class NetworkSource(string path, Func<string, IReadOnlyList<Network>> read)
{
    private readonly WatchedFile<NetworkTable> _file = new(path, file => new NetworkTable(read(file)));

    internal NetworkTable Table => _file.Content;

    internal void Refresh(ILogger logger) => _file.Refresh(logger);
}
