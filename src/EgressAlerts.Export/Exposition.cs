using System.Buffers;
using System.Collections.Concurrent;
using EgressAlerts.Model;

namespace EgressAlerts.Export;

/// <summary>Serves each window's counters to any number of scrapes: rendered once in each format, compressed once. <see cref="Publish"/> and
/// <see cref="MayShowNew"/> are the pass's; the rest may be called from any thread.</summary>
/// <param name="created">Whether OpenMetrics says when each counter began.</param>
public sealed class Exposition(SelfMetrics selfMetrics, TimeProvider time, bool created = false)
{
    private const int SmallestBody = 64 << 10;
    private const long LikelyLine = 220;

    /// <summary>After this long without a scrape nobody is there whom a sudden value could mislead.</summary>
    private static readonly TimeSpan NobodyScrapes = TimeSpan.FromMinutes(5);

    private readonly ConcurrentBag<ArrayBufferWriter<byte>> _buffers = [];
    private Snapshot? _published;
    private long _lastScrape;
    private int _lastLength;

    /// <summary>The last window's counters; null before the first window.</summary>
    public Admitted? Current => Volatile.Read(ref _published)?.Admitted;

    /// <summary>Whether new series may show their value in the next snapshot: somebody has scraped their 0, or nobody scrapes.</summary>
    public bool MayShowNew =>
        _published is not { WasScraped: false } || Volatile.Read(ref _lastScrape) is 0 || time.GetElapsedTime(Volatile.Read(ref _lastScrape)) > NobodyScrapes;

    public void Publish(Admitted admitted) => Volatile.Write(ref _published, new Snapshot(admitted, format => Body(admitted, format)));

    /// <summary>The two halves of a scrape's body: the snapshot's bytes, the same until the next window, and what the service says of itself now.</summary>
    public Scrape Render(ExpositionFormat format, bool gzip)
    {
        if (!_buffers.TryTake(out var buffer)) buffer = new(16 << 10);
        buffer.ResetWrittenCount();
        var writer = new ExpositionWriter(buffer, format);
        selfMetrics.Write(writer);
        writer.End();
        var snapshot = Volatile.Read(ref _published) ?? Snapshot.Empty;
        if (!gzip) return new(this, snapshot, snapshot.Body(format), buffer.WrittenMemory, buffer);
        var compressed = snapshot.Compressed(format);
        return new(this, snapshot, compressed.First, compressed.Rest(buffer.WrittenSpan), buffer);
    }

    private void Delivered(Snapshot snapshot)
    {
        snapshot.WasScraped = true;
        Volatile.Write(ref _lastScrape, time.GetTimestamp());
    }

    /// <summary>One window's counters, and their bytes in the formats that were asked for.</summary>
    internal sealed class Snapshot
    {
        public static readonly Snapshot Empty = new(null, _ => ReadOnlyMemory<byte>.Empty);

        private readonly Lazy<ReadOnlyMemory<byte>>[] _bodies;
        private readonly Lazy<GzipBody>[] _compressed;

        public Snapshot(Admitted? admitted, Func<ExpositionFormat, ReadOnlyMemory<byte>> body)
        {
            Admitted = admitted;
            _bodies = [.. Enum.GetValues<ExpositionFormat>().Select(format => new Lazy<ReadOnlyMemory<byte>>(() => body(format)))];
            _compressed = [.. _bodies.Select(whole => new Lazy<GzipBody>(() => new GzipBody(whole.Value.Span)))];
        }

        public Admitted? Admitted { get; }

        public bool WasScraped { get; set; }

        public ReadOnlyMemory<byte> Body(ExpositionFormat format) => _bodies[(int)format].Value;

        public GzipBody Compressed(ExpositionFormat format) => _compressed[(int)format].Value;
    }

    private ReadOnlyMemory<byte> Body(Admitted admitted, ExpositionFormat format)
    {
        // A buffer that grows by doubling would leave several times the body behind in every window.
        var likely = Math.Max(Volatile.Read(ref _lastLength) * 17L / 16, admitted.Series.Count * LikelyLine);
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(likely, SmallestBody, int.MaxValue / 2));
        var writer = new ExpositionWriter(body, format);
        FlowFamilies.Write(writer, admitted, created);
        AccountingFamilies.Write(writer, admitted);
        Volatile.Write(ref _lastLength, body.WrittenCount);
        // It is kept until the next window: not with half as much again that is empty.
        return body.FreeCapacity > body.WrittenCount / 8 ? body.WrittenSpan.ToArray() : body.WrittenMemory;
    }

    /// <summary>What one scrape is answered with; its bytes are good until it is disposed of.</summary>
    public sealed class Scrape : IDisposable
    {
        private readonly Exposition _exposition;
        private readonly Snapshot _snapshot;
        private ArrayBufferWriter<byte>? _buffer;

        internal Scrape(Exposition exposition, Snapshot snapshot, ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> rest, ArrayBufferWriter<byte> buffer) =>
            (_exposition, _snapshot, First, Rest, _buffer) = (exposition, snapshot, first, rest, buffer);

        /// <summary>The snapshot's bytes.</summary>
        public ReadOnlyMemory<byte> First { get; }

        /// <summary>What the service says of itself.</summary>
        public ReadOnlyMemory<byte> Rest { get; }

        /// <summary>It has reached its asker whole.</summary>
        public void Delivered() => _exposition.Delivered(_snapshot);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _buffer, null) is { } buffer) _exposition._buffers.Add(buffer);
        }
    }
}
