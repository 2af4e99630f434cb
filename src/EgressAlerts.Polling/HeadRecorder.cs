namespace EgressAlerts.Polling;

/// <summary>A stream that remembers its first bytes, so that an error can quote them.</summary>
internal sealed class HeadRecorder(Stream inner, int most) : Stream
{
    private readonly byte[] _head = new byte[most];
    private int _recorded;

    public ReadOnlySpan<byte> Head => _head.AsSpan(0, _recorded);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        Record(buffer.Span[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = inner.Read(buffer, offset, count);
        Record(buffer.AsSpan(offset, read));
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private void Record(ReadOnlySpan<byte> read)
    {
        var take = Math.Min(read.Length, most - _recorded);
        read[..take].CopyTo(_head.AsSpan(_recorded));
        _recorded += take;
    }
}
