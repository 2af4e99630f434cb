using EgressAlerts.Polling;
using EgressAlerts.Testing;
using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class CachedHistoryTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly HandTime _time = new();
    private readonly CachedHistory _history;
    private readonly TaskCompletionSource _gate = new();
    private int _asked;
    private string _failure = "";

    public CachedHistoryTests() => _history = new(AnswerAsync, _time);

    public ValueTask DisposeAsync() => _history.DisposeAsync();

    [Fact]
    public async Task The_same_question_within_half_a_minute_is_asked_once()
    {
        _gate.SetResult();
        var answer = await ReadAsync("up", Noon);
        Assert.Equal((Noon, 1.0), (Assert.Single(Assert.Single(answer.Series).Points).At, answer.Series[0].Points[0].Value));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Same(answer, await ReadAsync("up", Noon.AddSeconds(50)));
        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotSame(answer, await ReadAsync("up", Noon));
        await ReadAsync("up", Noon.AddMinutes(1));
        Assert.Equal(3, _asked);
    }

    [Fact]
    public async Task A_failure_is_kept_for_5_s()
    {
        _gate.SetResult();
        _failure = "away";
        Assert.Equal("away", (await ReadAsync("up", Noon)).Failure);
        _failure = "";
        Assert.Equal("away", (await ReadAsync("up", Noon)).Failure);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("", (await ReadAsync("up", Noon)).Failure);
    }

    [Fact]
    public async Task Those_who_wait_for_the_same_share_one_query_and_who_leaves_ends_it_for_nobody()
    {
        using var leave = new CancellationTokenSource();
        var (first, second) = (ReadAsync("up", Noon, leave.Token), ReadAsync("up", Noon));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _gate.SetResult();
        Assert.Equal("", (await second).Failure);
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Four_queries_run_at_a_time_and_where_many_wait_the_next_hears_that_it_is_busy()
    {
        List<Task<HistoryAnswer>> all = [.. Enumerable.Range(0, CachedHistory.MaxFlights).Select(i => ReadAsync($"up{i}", Noon))];
        await Deadline.UntilAsync(() => Volatile.Read(ref _asked) == CachedHistory.MaxAtOnce, 10, "four queries run");
        Assert.Contains("busy", (await ReadAsync("one more", Noon)).Failure, StringComparison.Ordinal);
        _gate.SetResult();
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task At_most_256_answers_are_kept()
    {
        _gate.SetResult();
        for (var i = 0; i <= CachedHistory.MaxAnswers; i++) await ReadAsync($"up{i}", Noon);
        await ReadAsync($"up{CachedHistory.MaxAnswers}", Noon);
        Assert.Equal(CachedHistory.MaxAnswers + 1, _asked);
        await ReadAsync("up0", Noon);
        Assert.Equal(CachedHistory.MaxAnswers + 2, _asked);
    }

    [Fact]
    public async Task Its_end_ends_what_runs_and_what_is_asked_later_fails()
    {
        var reading = ReadAsync("up", Noon);
        await _history.DisposeAsync();
        Assert.Contains("stopped", (await reading).Failure, StringComparison.Ordinal);
        Assert.Contains("stopping", (await ReadAsync("down", Noon)).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_range_is_aligned_to_its_step_and_has_no_more_steps_than_Prometheus_takes()
    {
        var query = HistoryQuery.Aligned("up", Noon.AddSeconds(-301), Noon.AddSeconds(59), TimeSpan.FromMinutes(1));
        Assert.Equal((Noon.AddMinutes(-6), Noon), (query.Start, query.End));
        Assert.Throws<ArgumentOutOfRangeException>(() => HistoryQuery.Aligned("up", Noon.AddDays(-30), Noon, TimeSpan.FromSeconds(1)));
    }

    private Task<HistoryAnswer> ReadAsync(string query, DateTimeOffset end, CancellationToken cancel = default) =>
        _history.ReadAsync(query, end.AddHours(-1), end, TimeSpan.FromMinutes(1), cancel);

    private async Task<HistoryAnswer> AnswerAsync(HistoryQuery asked, CancellationToken cancel)
    {
        Interlocked.Increment(ref _asked);
        await _gate.Task.WaitAsync(cancel);
        return _failure.Length > 0
            ? HistoryAnswer.Failed(_failure)
            : new([new(new Dictionary<string, string>(), [new(asked.End, 1)])], "");
    }
}
