using System.Text;
using EgressAlerts.Configuration;
using EgressAlerts.Export;
using EgressAlerts.Measuring;
using EgressAlerts.Polling;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Host;

public sealed class PassWorkerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MetricRegistry _self = new();
    private readonly ServiceMetrics _metrics;
    private readonly Exposition _exposition;
    private readonly Checkpoint _checkpoint;
    private readonly PassWorker _worker;
    private Func<Settings> _load = () => new Settings { Prometheus = new PollingOptions { Url = new("http://127.0.0.1:9") }, Alertmanagers = [] };

    public PassWorkerTests()
    {
        _metrics = new ServiceMetrics(_self, TimeProvider.System);
        _exposition = new Exposition(_self, TimeProvider.System);
        _checkpoint = new Checkpoint(_folder.Path, _metrics, TimeProvider.System, NullLogger<Checkpoint>.Instance);
        var options = new ServeOptions(null, ListenAddress.TryParse("127.0.0.1:0")!, _folder.Path, true, "info", "logfmt");
        _worker = new PassWorker(options, () => _load(), _checkpoint, _exposition, _metrics, TimeProvider.System, NullLoggerFactory.Instance);
    }

    private static CancellationToken Never => CancellationToken.None;

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(Never);
        _worker.Dispose();
        _checkpoint.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task State_that_is_no_state_is_set_aside_and_counting_begins_anew()
    {
        _checkpoint.Write(Samples.Start, to => to.Write("this is no state"u8));
        await StartAsync();
        AssertBegunAnew();
    }

    [Fact]
    public async Task State_on_which_a_stage_fails_in_an_unexpected_way_is_set_aside_and_counting_begins_anew()
    {
        using var state = new MemoryStream();
        _worker.Pass.Save(new BinaryWriter(state));
        var bytes = state.ToArray();
        var lengthOfItsState = bytes.AsSpan().IndexOf("EgressBlocked"u8) + "EgressBlocked".Length;
        Assert.True(BitConverter.TryWriteBytes(bytes.AsSpan(lengthOfItsState), int.MaxValue));
        _checkpoint.Write(Samples.Start, to => to.Write(bytes));
        await StartAsync();
        AssertBegunAnew();
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_ends_the_worker_with_what_to_do_and_stays_where_it_is()
    {
        // Reading a process' memory from its beginning is an I/O error for everybody, also for root.
        File.CreateSymbolicLink(_folder.File("checkpoint"), "/proc/self/mem");
        await _worker.StartAsync(Never);
        var error = await Assert.ThrowsAsync<StartException>(() => _worker.ExecuteTask!);
        Assert.StartsWith($"the checkpoint {_folder.File("checkpoint")} cannot be read (", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("): let this user read and replace it, or move it to another folder to begin anew", error.Message, StringComparison.Ordinal);
        Assert.NotNull(new FileInfo(_folder.File("checkpoint")).LinkTarget);
        Assert.False(_worker.IsReady);
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
    public async Task Stages_that_cannot_take_the_state_over_replace_nothing()
    {
        await StartAsync();
        var old = _worker.Pass;
        _checkpoint.Write(Samples.Start, to => to.Write(7));
        Assert.StartsWith("unexpected error, EndOfStreamException: ", await _worker.ReloadAsync(Never), StringComparison.Ordinal);
        Assert.Equal((old, 0), (_worker.Pass, Sample("egress_alerts_config_last_reload_successful")));
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

    private async Task StartAsync()
    {
        await _worker.StartAsync(Never);
        await Deadline.UntilAsync(() => Task.FromResult(_worker.IsReady || _worker.ExecuteTask!.IsCompleted), 30, "the worker has read its state");
        Assert.True(_worker.IsReady, $"{_worker.ExecuteTask!.Exception}");
    }

    private void AssertBegunAnew()
    {
        Assert.Single(Directory.GetFiles(_folder.Path, "checkpoint.unreadable-*"));
        Assert.Equal(1, Sample("egress_alerts_checkpoint_failures_total", "unreadable"));
        Assert.Equal(default, _worker.Pass.LastEnd);
    }

    private double Sample(string name, string reason = "") =>
        _self.Samples().Single(sample => sample.Name == name && sample["reason"] == reason).Value;
}
