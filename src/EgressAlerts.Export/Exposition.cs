using System.IO.Compression;
using EgressAlerts.Common;
using EgressAlerts.Model;
using Prometheus;

namespace EgressAlerts.Export;

/// <summary>Serves each window's counters to any number of scrapes. The pass alone calls <see cref="Publish"/> and <see cref="MayShowNew"/>. Any thread may
/// call the rest.</summary>
/// <param name="self">The service's own metrics, which show their value at each scrape.</param>
public sealed class Exposition(MetricRegistry self, TimeProvider time)
{
    /// <summary>After this long without a scrape, new counters no longer wait until their 0 is seen.</summary>
    private static readonly TimeSpan NobodyScrapes = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private WindowMetrics _window = new();
    private PublishedWindow? _published;
    private long _lastScrape;
    private int _lastLength = 64 << 10;

    /// <summary>The last window. Null before the first one.</summary>
    public PublishedWindow? Current => Volatile.Read(ref _published);

    /// <summary>Whether new series may show their value in the next window: their 0 was scraped, or nobody scrapes.</summary>
    public bool MayShowNew =>
        _published is not { WasScraped: false } || !IsScraped;

    /// <summary>Whether anybody has scraped lately.</summary>
    public bool IsScraped => Volatile.Read(ref _lastScrape) is not 0 and var last && time.GetElapsedTime(last) <= NobodyScrapes;

    /// <summary>Every scrape that begins from now on shows this window.</summary>
    public void Publish(CounterSnapshot counters, Ledger ledger)
    {
        var published = new PublishedWindow(counters, ledger);
        lock (_lock)
        {
            if (!_window.TryShow(published))
            {
                // The pass has begun anew without its state, as after a restart without a database. So all counters begin anew.
                _window = new();
                _window.TryShow(published);
            }

            Volatile.Write(ref _published, published);
        }
    }

    /// <summary>Renders the counters of the last window, and the service's own metrics as they are now.</summary>
    public Scrape Render(ExpositionFormat format)
    {
        // No window changes while it is rendered. The result is in memory, so no client is waited for under the lock.
        lock (_lock)
        {
            var now = new MemoryStream();
            self.Write(now, format, isEnd: true);
            return new(_published, Window(format), now.GetBuffer().AsMemory(0, (int)now.Length));
        }
    }

    /// <summary>Called when the whole body has reached its client.</summary>
    public void Delivered(Scrape scrape)
    {
        if (scrape.Window is { } window) window.WasScraped = true;
        Volatile.Write(ref _lastScrape, time.GetTimestamp());
    }

    /// <summary>The window's part of the body. It is rendered for the first scrape that asks for the format.</summary>
    private ReadOnlyMemory<byte> Window(ExpositionFormat format)
    {
        if (_published is not { } published) return default;
        ref var body = ref published.Bodies[(int)format];
        if (!body.IsEmpty) return body;

        // A stream that starts small and doubles would leave several times the body behind as garbage in every window.
        var rendered = new MemoryStream(_lastLength + (_lastLength / 16));
        _window.Write(rendered, format);
        _lastLength = (int)rendered.Length;
        return body = rendered.GetBuffer().AsMemory(0, _lastLength);
    }
}

/// <summary>The counters of one window, what anyone needs to check them, and their bytes in each format that was asked for.</summary>
public sealed record PublishedWindow(CounterSnapshot Counters, Ledger Ledger)
{
    internal ReadOnlyMemory<byte>[] Bodies { get; } = new ReadOnlyMemory<byte>[Enum.GetValues<ExpositionFormat>().Length];

    internal bool WasScraped { get; set; }
}

/// <summary>The body of one scrape. It has the window's part, which is the same until the next window, and the service's own metrics.</summary>
public sealed class Scrape
{
    internal Scrape(PublishedWindow? window, params IReadOnlyList<ReadOnlyMemory<byte>> parts) => (Window, Plain) = (window, parts);

    internal PublishedWindow? Window { get; }

    /// <summary>The parts of the body, in their order.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Plain { get; }

    /// <summary>The whole body in one gzip stream.</summary>
    public ReadOnlyMemory<byte> Compress()
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var part in Plain) gzip.Write(part.Span);
        }

        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }
}
