using System.Buffers;
using System.IO.Pipelines;

namespace EgressAlerts.Registry;

/// <summary>Reads the lines of a stream, up to a bound for each.</summary>
/// <remarks>KubernetesClient's own watcher reads a line of any length into memory, so whoever can answer for the API could exhaust it.</remarks>
internal sealed class BoundedLines(Stream stream, int most)
{
    private const int Buffer = 64 << 10;

    private readonly PipeReader _reader = PipeReader.Create(stream, new(bufferSize: Buffer, leaveOpen: true));
    private SequencePosition? _next;

    /// <summary>The next line, without its end. It is good until the next call. Null at the end of the stream.</summary>
    /// <exception cref="WatchFault">The line is longer than the bound, or the stream ends within it.</exception>
    public async ValueTask<ReadOnlySequence<byte>?> NextAsync(CancellationToken cancel)
    {
        if (_next is { } next) _reader.AdvanceTo(next);
        _next = null;
        while (true)
        {
            var read = await _reader.ReadAsync(cancel);
            var end = read.Buffer.PositionOf((byte)'\n');
            if ((end is { } at ? read.Buffer.Slice(0, at) : read.Buffer) is var line && line.Length > most)
                throw new WatchFault(WatchEnd.TooLarge, $"The Kubernetes API sends an event of more than {most >> 20} MiB.");
            if (end is { } feed)
            {
                _next = read.Buffer.GetPosition(1, feed);
                return line;
            }

            if (read.IsCompleted) return line.IsEmpty ? null : throw new WatchFault(WatchEnd.Dropped, "The connection to the Kubernetes API broke.");
            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
