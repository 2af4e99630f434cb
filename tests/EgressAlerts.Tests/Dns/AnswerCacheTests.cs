using System.Net;
using EgressAlerts.Dns;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Dns;

public sealed class AnswerCacheTests
{
    private static readonly IPAddress Address = IPAddress.Parse("52.22.188.80");
    private static readonly ReverseAnswer Name = new(AnswerState.Present, "a.example.com", Confirmed: true);

    private readonly HandTime _time = new();

    [Fact]
    public void A_name_is_asked_for_again_after_its_lifetime_and_used_until_then_and_beyond()
    {
        var cache = Cache();
        Assert.Equal((default, true), Find(cache));
        cache.Store(Address, Name, TimeSpan.FromMinutes(10));
        Assert.Equal((Name, false), Find(cache));
        _time.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal((Name, true), Find(cache));
        _time.Advance(TimeSpan.FromHours(25));
        Assert.Equal((default, true), Find(cache));
    }

    [Theory]
    [InlineData(1, 47, 70)]
    [InlineData(86_400 * 30, 69_000, 96_000)]
    public void A_lifetime_is_held_between_the_bounds(int ttl, int stillGood, int dueAgain)
    {
        var cache = Cache();
        cache.Store(Address, Name, TimeSpan.FromSeconds(ttl));
        _time.Advance(TimeSpan.FromSeconds(stillGood));
        Assert.False(Find(cache).Due);
        _time.Advance(TimeSpan.FromSeconds(dueAgain - stillGood));
        Assert.True(Find(cache).Due);
    }

    [Fact]
    public void A_failure_is_retried_later_each_time_and_takes_no_name_away()
    {
        var cache = Cache();
        cache.StoreFailure(Address);
        Assert.Equal((default, false), Find(cache));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(Find(cache).Due);
        cache.StoreFailure(Address);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(Find(cache).Due);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(Find(cache).Due);

        cache.Store(Address, Name, TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromMinutes(10));
        cache.StoreFailure(Address);
        Assert.Equal((Name, false), Find(cache));
    }

    [Fact]
    public void The_bound_is_kept_by_forgetting_what_was_not_used_for_longest()
    {
        var cache = Cache(maxEntries: 100);
        for (var i = 0; i < 1000; i++)
        {
            cache.Store(new IPAddress([52, 0, (byte)(i / 250), (byte)(i % 250)]), Name, TimeSpan.FromHours(1));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(cache.Count, 1, 100);
        }

        Assert.Equal(Name, cache.Find(new IPAddress([52, 0, 3, 249]), out _));
        Assert.Equal(default, cache.Find(new IPAddress([52, 0, 0, 0]), out _));
    }

    [Fact]
    public void What_was_learned_survives_a_restart()
    {
        var cache = Cache();
        cache.Store(Address, Name, TimeSpan.FromMinutes(10));
        cache.StoreFailure(IPAddress.Loopback);
        using var state = new MemoryStream();
        var writer = new BinaryWriter(state);
        cache.Save(writer, (address, answer) =>
        {
            writer.Write(address.ToString());
            writer.Write(answer.Name);
        });
        state.Position = 0;
        var next = Cache();
        var reader = new BinaryReader(state);
        next.Load(reader, () => (IPAddress.Parse(reader.ReadString()), new(AnswerState.Present, reader.ReadString(), Confirmed: true)));
        Assert.Equal((1, Name), (next.Count, Find(next).Answer));
    }

    private static (ReverseAnswer Answer, bool Due) Find(AnswerCache<IPAddress, ReverseAnswer> cache) => (cache.Find(Address, out var due), due);

    private AnswerCache<IPAddress, ReverseAnswer> Cache(int maxEntries = 1000) => new(new DnsOptions(), maxEntries, _time);
}
