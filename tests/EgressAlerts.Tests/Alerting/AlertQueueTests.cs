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
