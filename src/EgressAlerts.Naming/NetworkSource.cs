using EgressAlerts.Dns;
using Microsoft.Extensions.Logging;

namespace EgressAlerts.Naming;

/// <summary>A file of named networks that is read again when it changes; a broken new one leaves the old one in use. Called by the pass alone.</summary>
public sealed class NetworkSource
{
    private readonly string _path;
    private readonly Func<string, IReadOnlyList<Network>> _read;
    private FileStamp _stamp;

    /// <param name="read">Gives the file's networks, or throws an <see cref="InvalidDataException"/> that says what is wrong with it.</param>
    /// <exception cref="InvalidDataException">From <paramref name="read"/>.</exception>
    public NetworkSource(string path, Func<string, IReadOnlyList<Network>> read)
    {
        (_path, _read, _stamp) = (path, read, FileStamp.Of(path));
        Table = new NetworkTable(read(path));
    }

    internal NetworkTable Table { get; private set; }

    internal void Refresh(ILogger logger)
    {
        var stamp = FileStamp.Of(_path);
        if (stamp == _stamp) return;
        _stamp = stamp;
        try
        {
            Table = new NetworkTable(_read(_path));
            Log.NetworksRead(logger, _path, Table.Count);
        }
        catch (InvalidDataException e)
        {
            Log.NetworksRefused(logger, _path, e.Message, Table.Count);
        }
    }
}
