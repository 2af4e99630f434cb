using System.Net;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using EgressAlerts.Tests.Storage;

namespace EgressAlerts.Tests.Naming.Dns;

public sealed class AnswerCacheTests : IDisposable
{
    private static readonly UInt128 Address = Number("52.22.188.80");
    private static readonly ReverseAnswer Name = new(AnswerState.Present, "a.example.com", Confirmed: true);

    private readonly HandTime _time = new();
    private readonly Store _store = Store.InMemory();
    private StoredState _state = null!;
    private Table<UInt128, Remembered<ReverseAnswer>> _answers = null!;

    public void Dispose() => _store.Dispose();

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
            cache.Store(Number($"52.0.{i / 250}.{i % 250}"), Name, TimeSpan.FromHours(1));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(cache.Count, 1, 100);
        }

        Assert.Equal(Name, cache.Find(Number("52.0.3.249"), out _));
        Assert.Equal(default, cache.Find(Number("52.0.0.0"), out _));
    }

    [Fact]
    public void What_was_learned_survives_a_restart_and_failures_do_not()
    {
        var (cache, absent) = (Cache(), Number("52.0.0.1"));
        cache.Store(Address, Name, TimeSpan.FromMinutes(10));
        cache.Store(absent, new(AnswerState.Absent, "", Confirmed: false), TimeSpan.FromMinutes(10));
        cache.StoreFailure(Number("52.0.0.2"));
        Assert.Equal(3, cache.Count);
        cache = Restarted();
        Assert.Equal((2, (Name, false), AnswerState.Absent), (cache.Count, Find(cache), cache.Find(absent, out _).State));
        _time.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal((Name, true), Find(cache));

        cache.Store(Address, default(ReverseAnswer) with { State = AnswerState.Absent, Name = "" }, TimeSpan.FromMinutes(10));
        cache = Restarted();
        Assert.Equal(AnswerState.Absent, Find(cache).Answer.State);
        _time.Advance(TimeSpan.FromDays(2));
        cache.StoreFailure(Address); // The answer is too old to be used any more.
        Assert.Equal(1, Restarted().Count);
    }

    [Fact]
    public void A_failure_takes_no_name_away_over_a_restart_either()
    {
        var cache = Cache();
        cache.Store(Address, Name, TimeSpan.FromMinutes(10));
        _state.Commit();
        _time.Advance(TimeSpan.FromMinutes(15));
        cache.StoreFailure(Address);
        Assert.Equal((Name, false), Find(cache));
        Assert.Equal((Name, true), Find(Restarted()));
    }

    [Fact]
    public void What_is_used_is_known_to_the_hour_over_a_restart_and_costs_a_row_an_hour()
    {
        var cache = Cache(maxEntries: 4); // Room for three names.
        string[] names = ["52.0.0.1", "52.0.0.2", "52.0.0.3", "52.0.0.4"];
        foreach (var name in names[..3]) cache.Store(Number(name), Name, TimeSpan.FromHours(10));
        Assert.Equal(3, TouchedRows.Take(_state));
        _time.Advance(TimeSpan.FromMinutes(59));
        cache.Find(Number(names[0]), out _);
        Assert.Equal(0, TouchedRows.Take(_state));
        _time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 10; i++) cache.Find(Number(names[0]), out _);
        Assert.Equal(1, TouchedRows.Take(_state));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_least_used_make_room_also_after_a_restart_and_under_a_lower_bound(bool isRestarted)
    {
        var cache = Cache(maxEntries: 4); // Room for three names.
        string[] names = ["52.0.0.1", "52.0.0.2", "52.0.0.3", "52.0.0.4"];
        foreach (var name in names[..3]) cache.Store(Number(name), Name, TimeSpan.FromHours(10));
        _time.Advance(TimeSpan.FromHours(1));
        cache.Find(Number(names[0]), out _);
        cache.Find(Number(names[2]), out _);
        if (isRestarted) cache = Restarted(maxEntries: 4);
        cache.Store(Number(names[3]), Name, TimeSpan.FromHours(10));
        Assert.Equal([names[0], names[2], names[3]], names.Where(IsKnown));
        Assert.Equal(1, Restarted(maxEntries: 1).Count);
        Assert.Equal(1, Restarted().Count);

        bool IsKnown(string name) => cache.Find(Number(name), out _).State == AnswerState.Present;
    }

    [Fact]
    public void People_can_read_the_table()
    {
        Cache().Store(Address, Name, TimeSpan.FromMinutes(10));
        var (keys, states) = (Lookups.NameOfAddress.KeyValues(Address), Lookups.NameOfAddress.StateValues(_answers.Values.Single()));
        Assert.Equal(["52.22.188.80"], keys);
        Assert.StartsWith(
            """{"answer":{"state":"Present","name":"a.example.com","confirmed":true},"good_until":17""",
            $"{states[0]}",
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Threads_that_use_it_while_it_is_committed_harm_nobody()
    {
        var cache = Cache(maxEntries: 2000);
        var users = Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                cache.Store(Number($"52.{thread}.{i % 200}.1"), Name, TimeSpan.FromHours(1));
                cache.Find(Number($"52.{thread}.{i % 100}.1"), out _);
            }
        })));
        while (!users.IsCompleted) Assert.True(_state.Commit());
        await users;
        Assert.Equal(800, cache.Count);
        Assert.Equal(800, Restarted(maxEntries: 2000).Count);
    }

    private static (ReverseAnswer Answer, bool Due) Find(AnswerCache<UInt128, ReverseAnswer> cache) => (cache.Find(Address, out var due), due);

    private static UInt128 Number(string address) => AddressNumber.Of(IPAddress.Parse(address));

    private AnswerCache<UInt128, ReverseAnswer> Cache(int maxEntries = 1000)
    {
        _state = _store.Read();
        _answers = _state.Table(Lookups.NameOfAddress);
        return new(new DnsOptions(), maxEntries, _answers, _time);
    }

    private AnswerCache<UInt128, ReverseAnswer> Restarted(int maxEntries = 1000)
    {
        _state.Commit();
        return Cache(maxEntries);
    }
}
