using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;

namespace EgressAlerts;

/// <summary>One file that holds everything the service knows as of the end of a window, and the one before it in case the disk fails.</summary>
/// <remarks>Layout: magic, format version, SHA-256 of the rest; the rest is the window's end and the stages' state. Written to a temporary name,
/// flushed, then renamed, so that a file under its own name is whole or the disk is at fault.</remarks>
internal sealed class Checkpoint : IDisposable
{
    private const int FormatVersion = 7;
    private static readonly byte[] Magic = "EGRESSCP"u8.ToArray();

    private readonly string _file;
    private readonly string _previous;
    private readonly ServiceMetrics _metrics;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly FileStream _lock;
    private readonly MemoryStream _buffer = new();
    private bool _failing;

    /// <exception cref="StartException">The folder is not writable or another process uses it.</exception>
    public Checkpoint(string folder, ServiceMetrics metrics, TimeProvider time, ILogger<Checkpoint> logger)
    {
        (_metrics, _time, _logger) = (metrics, time, logger);
        _file = Path.Combine(folder, "checkpoint");
        _previous = Path.Combine(folder, "checkpoint.previous");
        try
        {
            Directory.CreateDirectory(folder);
            _lock = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"--storage.path {folder} cannot be used ({e.Message}): is another egress-alerts running on it, or is it read-only?");
        }
    }

    /// <summary>The state as of the last complete window, also where writing it to disk failed; null before the first one. Good until the next is written.</summary>
    public BinaryReader? OpenLast() => _buffer.Length == 0 ? null : Open(new MemoryStream(_buffer.GetBuffer(), 0, (int)_buffer.Length, writable: false));

    /// <summary>A failure is logged and counted, and the service goes on: it can still count, though a crash would now cost what was not written.</summary>
    public void Write(DateTimeOffset windowEnd, Action<BinaryWriter> save)
    {
        // One buffer for all windows: it is as large as the state, and the next state is about as large.
        _buffer.SetLength(0);
        using (var writer = new BinaryWriter(_buffer, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(windowEnd);
            save(writer);
        }

        var state = _buffer.GetBuffer().AsSpan(0, (int)_buffer.Length);
        try
        {
            var temporary = _file + ".new";
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                file.Write(Magic);
                file.Write(BitConverter.GetBytes(FormatVersion));
                file.Write(SHA256.HashData(state));
                file.Write(state);
                file.Flush(flushToDisk: true);
            }

            if (File.Exists(_file)) File.Move(_file, _previous, overwrite: true);
            File.Move(temporary, _file, overwrite: true);
            if (_failing) Log.CheckpointRecovered(_logger);
            _failing = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _metrics.CheckpointFailed("write");
            if (!_failing) Log.CheckpointNotWritten(_logger, _file, e.Message);
            _failing = true;
        }
    }

    /// <summary>What can be gone on from, newest first. What cannot is set aside under another name, never deleted.</summary>
    /// <param name="latest">A checkpoint from after this instant is not of this world's time.</param>
    /// <exception cref="StartException">A file cannot be read or cannot be set aside. To go on without it would lose what an operator can still save.</exception>
    public IEnumerable<Candidate> Candidates(DateTimeOffset latest)
    {
        foreach (var file in (string[])[_file, _previous])
        {
            if (File.Exists(file) && TryRead(file, latest) is { } state) yield return new Candidate(file, state);
        }
    }

    /// <summary>The state that the service goes on from is what the last window left.</summary>
    public void Adopt(Candidate candidate)
    {
        _buffer.SetLength(0);
        _buffer.Write(candidate.State);
    }

    /// <summary>Sets a file aside and says why.</summary>
    /// <exception cref="StartException">The file stays where it is.</exception>
    public void Reject(string file, string reason, string message)
    {
        var aside = $"{file}.{reason}-{_time.GetUtcNow():yyyyMMdd'T'HHmmss}";
        _metrics.CheckpointFailed(reason);
        try
        {
            File.Move(file, aside, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"the checkpoint {file} cannot be used ({message}) and cannot be set aside as {aside} ({e.Message}): move it to another folder to begin anew", e);
        }

        Log.CheckpointRejected(_logger, file, message, aside);
    }

    public void Dispose()
    {
        _lock.Dispose();
        _buffer.Dispose();
    }

    private byte[]? TryRead(string file, DateTimeOffset latest)
    {
        var bytes = ReadAll(file);
        var header = Magic.Length + sizeof(int) + SHA256.HashSizeInBytes;
        if (bytes.Length < header || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)) return Rejected("cut_off", "it is cut off or not a checkpoint");
        if (BitConverter.ToInt32(bytes, Magic.Length) is var version && version != FormatVersion)
            return Rejected("other_version", $"it was written by another version (its format is {version}, this one's {FormatVersion}): run that version again, or go on without it");
        var state = bytes[header..];
        if (!SHA256.HashData(state).AsSpan().SequenceEqual(bytes.AsSpan(header - SHA256.HashSizeInBytes, SHA256.HashSizeInBytes)))
            return Rejected("cut_off", "its checksum is wrong: it was cut off or changed");
        if (EndOf(state) is not { } end) return Rejected("unreadable", "it does not begin with the end of a window");
        return end <= latest ? state : Rejected("future", $"it ends at {end:O}, which is in the future: correct the clock and put the file back, or go on without it");

        byte[]? Rejected(string reason, string message)
        {
            Reject(file, reason, message);
            return null;
        }
    }

    private static byte[] ReadAll(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException(
                $"the checkpoint {file} cannot be read ({e.Message}): let this user read and replace it, or move it to another folder to begin anew", e);
        }
    }

    private static DateTimeOffset? EndOf(byte[] state)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(state));
            return reader.ReadInstant();
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The stages' part, which comes after the window's end.</summary>
    private static BinaryReader Open(MemoryStream state)
    {
        var reader = new BinaryReader(state);
        reader.ReadInstant();
        return reader;
    }

    /// <summary>A checkpoint that is whole.</summary>
    internal sealed record Candidate(string File, byte[] State)
    {
        public BinaryReader Open() => Checkpoint.Open(new MemoryStream(State));
    }
}
