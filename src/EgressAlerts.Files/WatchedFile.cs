using Microsoft.Extensions.Logging;

namespace EgressAlerts.Files;

/// <summary>What a file says, read again when it changes; a broken new one leaves the old content in use. Called by one thread at a time.</summary>
/// <param name="read">Gives the content, or throws an <see cref="InvalidDataException"/> that says what is wrong with it.</param>
/// <exception cref="InvalidDataException">From <paramref name="read"/>.</exception>
public sealed class WatchedFile<T>(string path, Func<string, T> read)
{
    private FileStamp _stamp = FileStamp.Of(path);

    public T Content { get; private set; } = read(path);

    /// <summary>When it was last written; the default value where it is gone.</summary>
    public DateTime Written => _stamp.Written;

    public void Refresh(ILogger logger)
    {
        var stamp = FileStamp.Of(path);
        if (stamp == _stamp) return;
        _stamp = stamp;
        try
        {
            Content = read(path);
            Log.FileRead(logger, path);
        }
        catch (InvalidDataException e)
        {
            Log.FileRefused(logger, path, e.Message);
        }
    }
}
