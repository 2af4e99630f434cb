using EgressAlerts.Export;

namespace EgressAlerts.Web;

/// <summary>Sums the counters of the last window when a page first asks for them. Any thread.</summary>
internal sealed class TrafficView(Exposition exposition)
{
    private readonly Lock _lock = new();
    private PublishedWindow? _window;
    private Traffic _traffic = new(null);

    public Traffic Current
    {
        get
        {
            lock (_lock)
            {
                var window = exposition.Current;
                if (!ReferenceEquals(window, _window)) (_window, _traffic) = (window, new Traffic(window!.Counters));
                return _traffic;
            }
        }
    }
}
