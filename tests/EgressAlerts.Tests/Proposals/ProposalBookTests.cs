using EgressAlerts.Polling;
using EgressAlerts.Proposals;

namespace EgressAlerts.Tests.Proposals;

/// <summary>Pages share one reading, and no page starts a second one beside it.</summary>
public sealed class ProposalBookTests : IAsyncDisposable
{
    private static readonly TimeSpan Since = TimeSpan.FromDays(14);

    private readonly TaskCompletionSource<PastTraffic> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ProposalBook _book;
    private int _readings;

    public ProposalBookTests() => _book = new(
        (_, _, progress, cancel) =>
        {
            Interlocked.Increment(ref _readings);
            progress(0.5);
            return _answer.Task.WaitAsync(cancel);
        },
        TimeProvider.System);

    public ValueTask DisposeAsync() => _book.DisposeAsync();

    [Fact]
    public async Task An_answer_is_read_once_and_used_again()
    {
        var first = _book.ReadAsync("shop", Since, default);
        var second = _book.ReadAsync("shop", Since, default);
        _answer.SetResult(new PastBook().Traffic);
        Assert.Same((await first).Traffic, (await second).Traffic);
        Assert.NotNull((await _book.ReadAsync("shop", Since, default)).Traffic);
        Assert.Equal(1, _readings);
    }

    [Fact]
    public async Task Whoever_waits_too_long_is_told_how_far_it_is_and_others_that_it_is_busy()
    {
        var waiting = await _book.ReadAsync("shop", Since, default);
        Assert.Equal((null, "", 0.5), (waiting.Traffic, waiting.Failure, waiting.Progress));
        Assert.Contains("Another reading is running", (await _book.ReadAsync("web", Since, default)).Failure, StringComparison.Ordinal);
        Assert.Equal(1, _readings);
    }

    [Fact]
    public async Task A_failure_is_told_as_it_is()
    {
        _answer.SetException(new HistoryException("Prometheus is away"));
        Assert.Equal("Prometheus is away", (await _book.ReadAsync("shop", Since, default)).Failure);
    }

    [Fact]
    public async Task A_stop_ends_the_reading()
    {
        var waiting = _book.ReadAsync("shop", Since, default);
        await _book.DisposeAsync();
        Assert.Contains("stopped", (await waiting).Failure, StringComparison.Ordinal);
    }
}
