using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Export;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Host;

public sealed class PassWorkerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MetricRegistry _self = new();
    private readonly ServiceMetrics _metrics;
    private readonly Exposition _exposition;
    private readonly Store _store;
    private PassWorker _worker;
    private Func<Settings> _load = () => new Settings
    {
        Prometheus = new PollingOptions { Url = new("http://127.0.0.1:9") },
        Alerting = new() { Alertmanagers = [] },
    };

    public PassWorkerTests()
    {
        _metrics = new ServiceMetrics(_self, TimeProvider.System);
        _exposition = new Exposition(_self, TimeProvider.System);
        _store = new Store(_folder.Path, _metrics.Storage, TimeProvider.System, NullLogger<Store>.Instance);
        _worker = New();
    }

    private static CancellationToken Never => CancellationToken.None;

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(Never);
        _worker.Dispose();
        _store.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_database_from_the_future_is_set_aside_and_counting_begins_anew()
    {
        Keep(TimeProvider.System.GetUtcNow().AddDays(1));
        _worker = New();
        await StartAsync();
        Assert.Single(Directory.GetFiles(_folder.Path, $"{Store.FileName}.future-*"));
        Assert.Equal(1, Sample("egress_alerts_storage_failures_total", "future"));
        Assert.Equal(default, _worker.Pass.LastEnd);
    }

    [Fact]
    public async Task A_worker_goes_on_where_the_database_ends()
    {
        Keep(Samples.Start);
        _worker = New();
        await StartAsync();
        Assert.Equal(Samples.Start, _worker.Pass.LastEnd);
    }

    [Fact]
    public async Task A_reload_that_fails_in_any_way_is_answered_and_the_old_stages_go_on()
    {
        await StartAsync();
        var old = _worker.Pass;
        var good = _load;
        _load = () => throw new InvalidTimeZoneException("as no configuration should");
        Assert.Equal("unexpected error, InvalidTimeZoneException: as no configuration should. The log has more.", await _worker.ReloadAsync(Never));
        Assert.Equal((old, 0), (_worker.Pass, Sample("egress_alerts_config_last_reload_successful")));
        _load = good;
        Assert.Null(await _worker.ReloadAsync(Never));
        Assert.NotEqual(old, _worker.Pass);
        Assert.Equal(1, Sample("egress_alerts_config_last_reload_successful"));
    }

    [Fact]
    public async Task However_many_ask_for_a_reload_each_is_answered()
    {
        var asked = Enumerable.Range(0, 500).Select(_ => _worker.ReloadAsync(Never)).ToList();
        await StartAsync();
        Assert.All(await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(30)), Assert.Null);
    }

    [Fact]
    public async Task A_reload_that_is_asked_for_while_the_service_stops_or_later_is_answered()
    {
        await StartAsync();
        using var loading = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var good = _load;
        _load = () =>
        {
            loading.Set();
            goOn.Wait();
            return good();
        };
        var first = _worker.ReloadAsync(Never);
        loading.Wait();
        var second = _worker.ReloadAsync(Never);
        var stop = _worker.StopAsync(Never);
        goOn.Set();
        Assert.Null(await first.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("the service is stopping", await second.WaitAsync(TimeSpan.FromSeconds(30)));
        await stop;
        Assert.Equal("the service is stopping", await _worker.ReloadAsync(Never));
    }

    [Fact]
    public void A_start_without_the_token_of_a_pod_says_what_to_do_and_leaves_the_database()
    {
        Keep(Samples.Start);
        var before = Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).ToList();
        var good = _load;
        _load = () => good() with { Registry = new() { Kubernetes = new() { Watch = true } } };
        var fault = Assert.Throws<ConfigException>(New);
        Assert.Contains("telemetry.kubernetes.watch is true, but this process has no service account token", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_reload_without_the_token_of_a_pod_is_refused_and_the_old_stages_go_on()
    {
        await StartAsync();
        var (old, good) = (_worker.Pass, _load);
        _load = () => good() with { Registry = new() { Kubernetes = new() { Watch = true } } };
        Assert.Contains("Apply deploy/kubernetes/registry-watch", await _worker.ReloadAsync(Never), StringComparison.Ordinal);
        Assert.Same(old, _worker.Pass);
    }

    private async Task StartAsync()
    {
        await _worker.StartAsync(Never);
        await Deadline.UntilAsync(() => Task.FromResult(_worker.IsReady || _worker.ExecuteTask!.IsCompleted), 30, "the worker has read its state");
        Assert.True(_worker.IsReady, $"{_worker.ExecuteTask!.Exception}");
    }

    private PassWorker New()
    {
        var service = new ServiceParts(_metrics, TimeProvider.System, NullLoggerFactory.Instance);
        return new(() => _load(), (settings, state) => Program.Pass(settings, state, _exposition, Samples.NoLogs, service), _store, "a.yml", service);
    }

    /// <summary>A database whose last window ended then.</summary>
    private void Keep(DateTimeOffset lastEnd)
    {
        var state = _store.Read();
        state.Cell("poller", PollingJson.Default.PollerState, new PollerState(default, default, default, [])).Value = new(lastEnd, lastEnd, lastEnd, []);
        Assert.True(state.Commit());
    }

    private double Sample(string name, string reason = "") =>
        _self.Samples().Single(sample => sample.Name == name && sample["reason"] == reason).Value;
}
