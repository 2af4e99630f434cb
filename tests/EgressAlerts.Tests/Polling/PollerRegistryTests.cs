using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Polling;

/// <summary>Windows of a mesh whose registry is known, from which it may change between two windows.</summary>
public sealed class PollerRegistryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Poller _poller = new(
        Mesh(), new PollingOptions(), new TelemetryOptions(), new PollingMetrics(new MetricRegistry()), Store.InMemory().Read(), new HandTime(),
        new ListLogger<Poller>());

    [Fact]
    public async Task A_host_that_no_given_entry_has_is_passthrough_in_the_first_window()
    {
        _poller.Use((_, _, _) => false);
        await ReadAsync(1);
        Assert.Equal([(Route.Passthrough, 2.0)], await ReadAsync(2));
    }

    [Fact]
    public async Task When_the_registry_changes_the_route_of_a_counter_changes_and_it_goes_on_counting_exactly()
    {
        await ReadAsync(1);
        Assert.Equal([(Route.Registered, 2.0)], await ReadAsync(2));
        _poller.Use((source, host, port) => (source, host, port) is not ({ Namespace: "shop" }, "api.example.com", "8080"));
        Assert.Equal([(Route.Passthrough, 2.0)], await ReadAsync(3));
        _poller.Use((_, _, _) => true);
        Assert.Equal([(Route.Registered, 2.0)], await ReadAsync(4));
        _poller.Use(null);
        Assert.Equal([(Route.Registered, 2.0)], await ReadAsync(5));
    }

    private async Task<IEnumerable<(Route Route, double Amount)>> ReadAsync(int window)
    {
        var reading = await _poller.TryReadAsync(new(Noon.AddSeconds(30 * (window - 1)), Noon.AddSeconds(30 * window)), CancellationToken.None);
        Assert.NotNull(reading);
        return reading.Increments.Select(increment => (increment.Flow.Route, increment.Amount));
    }

    /// <summary>One series that grows by 1 every 15 s, as a proxy of Istio 1.31 has it that lets a host out by ALLOW_ANY_DYNAMIC_DNS.</summary>
    private static Piece Mesh()
    {
        var (requests, up) = (Series("reporter=source", "source_workload_namespace=shop", "source_workload=cart", "destination_service=api.example.com:8080",
            "destination_service_name=api.example.com:8080", "request_protocol=http", "job=envoy", "instance=10.0.0.1:15090"),
            Series("job=envoy", "instance=10.0.0.1:15090"));
        for (var i = -40; i < 20; i++)
        {
            var at = Noon.AddSeconds(5 + (15 * i)).ToUnixTimeMilliseconds();
            requests.Add(new(at, 100 + i));
            up.Add(new(at, 1));
        }

        var piece = new Piece();
        piece.Set("istio_requests_total", [requests]);
        piece.Set(Piece.Up, [up]);
        piece.Move(Noon.AddMinutes(-10), Noon.AddMinutes(5));
        return piece;
    }

    private static RecordedSeries Series(params string[] labels) =>
        new(JsonSerializer.SerializeToUtf8Bytes(labels.Select(label => label.Split('=')).ToDictionary(label => label[0], label => label[1])));
}
