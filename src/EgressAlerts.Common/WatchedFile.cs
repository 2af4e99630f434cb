using Microsoft.Extensions.Logging;

namespace EgressAlerts.Common;

/// <summary>What a file says, read again when the file changes. A file that is gone or broken leaves the last good content in use.</summary>
/// <remarks>One thread at a time calls <see cref="Refresh"/>. Any thread may read the properties.</remarks>
public sealed class WatchedFile<T>
{
    private readonly string _path;
    private readonly Func<string, T> _read;
    private readonly long _maxBytes;
    private volatile State _state;

    /// <param name="read">Gives the content. It throws an <see cref="InvalidDataException"/> that says what is wrong with the file.</param>
    /// <param name="maxBytes">A larger file is refused and not read.</param>
    /// <exception cref="InvalidDataException">The file cannot be used; the message names it and says why.</exception>
    public WatchedFile(string path, Func<string, T> read, long maxBytes = long.MaxValue)
        : this(path, read, maxBytes, default!, logger: null)
    {
    }

    /// <summary>As above, for a stage that is built anew: with a logger it goes on without a file that has broken since the configuration was loaded.</summary>
    /// <param name="orElse">The content until the file can be used.</param>
    /// <param name="logger">Where it is told that the file cannot be used. Without one, that is an exception.</param>
    /// <exception cref="InvalidDataException">There is no logger and the file cannot be used; the message names it and says why.</exception>
    public WatchedFile(string path, Func<string, T> read, long maxBytes, T orElse, ILogger? logger)
    {
        (_path, _read, _maxBytes) = (path, read, maxBytes);
        var stamp = FileStamp.Of(path);
        try
        {
            _state = new(Read(stamp), stamp?.Written, stamp, "");
        }
        catch (InvalidDataException e) when (logger is not null)
        {
            _state = new(orElse, null, stamp, e.Message);
            Log.FileUnusable(logger, path, e.Message);
        }
    }

    public string Path => _path;

    public T Content => _state.Content;

    /// <summary>When the content in use was written to the file; null where there was no file.</summary>
    public DateTimeOffset? Written => _state.Written;

    /// <summary>Whether there was no file when it was last looked for.</summary>
    public bool IsGone => _state.Seen is null;

    public FileStatus Status
    {
        get
        {
            var state = _state;
            return new(_path, state.Written, state.Seen is null, state.Refusal);
        }
    }

    /// <summary>Reads the file again if it has changed. Logs each change and each refusal once. Throws nothing that a file can cause.</summary>
    public void Refresh(ILogger logger)
    {
        var (before, seen) = (_state, FileStamp.Of(_path));
        if (seen == before.Seen) return;
        if (seen is null)
        {
            _state = before with { Seen = null, Refusal = "" };
            Log.FileGone(logger, _path);
            return;
        }

        try
        {
            _state = new(Read(seen), seen.Value.Written, seen, "");
            Log.FileRead(logger, _path);
        }
        catch (InvalidDataException e)
        {
            _state = before with { Seen = seen, Refusal = e.Message };
            Log.FileRefused(logger, _path, e.Message);
        }
    }

    /// <summary>Others write these files, so a parser may trip over anything. Whatever it throws refuses the file and does not end a pass.</summary>
    private T Read(FileStamp? stamp)
    {
        if (stamp?.Length > _maxBytes) throw new InvalidDataException($"{_path} is larger than {_maxBytes >> 20} MiB");
        try
        {
            return _read(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{_path} cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is not InvalidDataException)
        {
            throw new InvalidDataException($"{_path} cannot be understood ({e.GetType().Name}: {e.Message})", e);
        }
    }

    /// <param name="Seen">The file when it was last looked at; null where it was gone.</param>
    /// <param name="Refusal">Why that file is not in use; empty where it is.</param>
    private sealed record State(T Content, DateTimeOffset? Written, FileStamp? Seen, string Refusal);
}

/// <summary>How a file stands that is read again when it changes.</summary>
/// <param name="Written">When the content in use was written; null where none is in use.</param>
/// <param name="IsGone">Whether there was no file when it was last looked for.</param>
/// <param name="Refusal">Why the file as it is now is not in use; empty where it is, or where it is gone.</param>
public sealed record FileStatus(string Path, DateTimeOffset? Written, bool IsGone, string Refusal);
