using EgressAlerts.Alerting;

namespace EgressAlerts.Tests.Alerting;

public sealed class AlertQueueTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void The_newest_state_of_an_alert_takes_the_place_of_the_older_one()
    {
        using var queue = new AlertQueue();
        queue.Put([Alert("a"), Alert("b")]);
        queue.Put([Alert("a") with { ResolvedAt = Samples.Start }]);
        var taken = queue.Take(10);
        Assert.Equal(["a", "b"], taken.Select(alert => alert.Fingerprint));
        Assert.Equal(Samples.Start, taken[0].ResolvedAt);
        Assert.Equal(0, queue.Count);
    }

    [Fact]
    public void When_it_is_full_the_oldest_makes_room_and_is_counted()
    {
        using var queue = new AlertQueue();
        Assert.Equal(0, queue.Put(Enumerable.Range(0, AlertQueue.Capacity).Select(i => Alert($"{i}"))));
        Assert.Equal(2, queue.Put([Alert("x"), Alert("y")]));
        Assert.Equal((AlertQueue.Capacity, "2"), (queue.Count, queue.Take(1)[0].Fingerprint));
    }

    [Fact]
    public async Task What_is_put_back_comes_first_and_never_replaces_a_newer_state()
    {
        using var queue = new AlertQueue();
        queue.Put([Alert("a"), Alert("b"), Alert("c")]);
        await queue.WaitAsync(CancellationToken.None);
        var taken = queue.Take(2);
        queue.Put([Alert("b") with { ResolvedAt = Samples.Start }]);
        await queue.WaitAsync(CancellationToken.None);
        Assert.Equal(0, queue.PutBack(taken));
        await queue.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal([("a", null), ("c", null), ("b", (DateTimeOffset?)Samples.Start)], queue.Take(10).Select(alert => (alert.Fingerprint, alert.ResolvedAt)));
    }

    [Fact]
    public void A_full_queue_takes_nothing_back_because_what_it_holds_is_newer()
    {
        using var queue = new AlertQueue();
        queue.Put([Alert("old"), Alert("older")]);
        var taken = queue.Take(2);
        queue.Put(Enumerable.Range(1, AlertQueue.Capacity - 1).Select(i => Alert($"{i}")));
        Assert.Equal(1, queue.PutBack(taken));
        Assert.Equal((AlertQueue.Capacity, "older"), (queue.Count, queue.Take(1)[0].Fingerprint));
    }

    [Fact]
    public async Task Waiting_ends_when_something_is_put_in_also_when_it_already_was()
    {
        using var queue = new AlertQueue();
        queue.Put([Alert("a")]);
        queue.Put([Alert("b")]);
        await queue.WaitAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(2, queue.Take(256).Count);
    }

    private static Alert Alert(string fingerprint) => new(fingerprint, None, None, Samples.Start, null, "");
}
