using System.Text;
using EgressAlerts.Testing;
using EgressAlerts.Web;
using Bcrypt = BCrypt.Net.BCrypt;

namespace EgressAlerts.Tests.Web;

public sealed class PasswordCheckTests
{
    private static readonly string Hash = Bcrypt.HashPassword("s3cret", 4);

    private static readonly Dictionary<string, string> Users = new() { ["alice"] = Hash };

    private readonly PasswordCheck _check = new();

    [Theory]
    [InlineData("alice:s3cret", true)]
    [InlineData("alice:S3cret", false)]
    [InlineData("alice:", false)]
    [InlineData("alice", false)]
    [InlineData("Alice:s3cret", false)]
    [InlineData("mallory:s3cret", false)]
    [InlineData(":s3cret", false)]
    [InlineData("", false)]
    public async Task Only_the_right_password_of_a_user_is_good(string credentials, bool isGood)
    {
        var expected = isGood ? PasswordVerdict.Good : PasswordVerdict.Wrong;
        for (var i = 0; i < 2; i++) Assert.Equal(expected, await AskAsync(credentials));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic %%%")]
    [InlineData("Bearer YWxpY2U6czNjcmV0")]
    public async Task What_is_no_basic_auth_is_wrong_and_costs_no_check(string authorization)
    {
        Assert.Equal(PasswordVerdict.Wrong, await _check.CheckAsync(Users, authorization, default));
        Assert.Equal(0, _check.Checks);
    }

    [Fact]
    public async Task The_name_of_the_scheme_may_have_any_case()
    {
        Assert.Equal(PasswordVerdict.Good, await _check.CheckAsync(Users, $"basic {Base64("alice:s3cret")}", default));
    }

    [Fact]
    public async Task A_right_password_is_checked_once_and_one_that_is_wrong_or_of_nobody_each_time()
    {
        for (var i = 0; i < 3; i++) await AskAsync("alice:s3cret");
        Assert.Equal(1, _check.Checks);
        for (var i = 0; i < 3; i++) await AskAsync("alice:wrong");
        Assert.Equal(4, _check.Checks);
        for (var i = 0; i < 3; i++) await AskAsync("mallory:s3cret");
        Assert.Equal(7, _check.Checks);
    }

    [Fact]
    public async Task A_password_that_was_right_is_wrong_once_its_hash_has_changed_or_its_user_is_gone()
    {
        await AskAsync("alice:s3cret");
        var (changed, gone) = (new Dictionary<string, string> { ["alice"] = Bcrypt.HashPassword("new", 4) }, new Dictionary<string, string> { ["bob"] = Hash });
        Assert.Equal(PasswordVerdict.Wrong, await _check.CheckAsync(changed, Basic("alice:s3cret"), default));
        Assert.Equal(PasswordVerdict.Wrong, await _check.CheckAsync(gone, Basic("alice:s3cret"), default));
    }

    [Theory]
    [InlineData("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    [InlineData("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    [InlineData("U*U*U", "$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    public async Task Hashes_of_other_programs_are_understood(string password, string hash)
    {
        var users = new Dictionary<string, string> { ["alice"] = hash };
        Assert.Equal(PasswordVerdict.Good, await _check.CheckAsync(users, Basic($"alice:{password}"), default));
        Assert.Equal(PasswordVerdict.Wrong, await _check.CheckAsync(users, Basic("alice:U*"), default));
    }

    [Theory]
    [InlineData("p\u00e4ssw\u00f6rd \U0001F511")]
    [InlineData("a\0b")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890123456789012-and-more-than-72-bytes")]
    public async Task Passwords_may_hold_any_text(string password)
    {
        var users = new Dictionary<string, string> { ["alice"] = Bcrypt.HashPassword(password, 4) };
        Assert.Equal(PasswordVerdict.Good, await _check.CheckAsync(users, Basic($"alice:{password}"), default));
        Assert.Equal(PasswordVerdict.Wrong, await _check.CheckAsync(users, Basic($"alice:x{password}"), default));
    }

    [Fact]
    public async Task Strangers_cannot_have_many_passwords_checked_at_once_and_do_not_hold_up_who_is_known()
    {
        var users = new Dictionary<string, string> { ["alice"] = Hash, ["slow"] = Bcrypt.HashPassword("x", 12) };
        await _check.CheckAsync(users, Basic("alice:s3cret"), default);
        var strangers = Enumerable.Range(0, 40).Select(i => _check.CheckAsync(users, Basic($"slow:{i}"), default)).ToList();
        var known = _check.CheckAsync(users, Basic("alice:s3cret"), default);
        Assert.True(known.IsCompleted);
        Assert.Equal(PasswordVerdict.Good, await known);
        var verdicts = await Task.WhenAll(strangers);
        Assert.Contains(PasswordVerdict.Busy, verdicts);
        Assert.InRange(verdicts.Count(verdict => verdict == PasswordVerdict.Wrong), 1, PasswordCheck.MaxWaiting + 1);
        Assert.Equal(PasswordVerdict.Good, await _check.CheckAsync(users, Basic("slow:x"), default));
    }

    [Fact]
    public void A_request_is_let_through_per_interval_and_some_at_once()
    {
        var time = new HandTime();
        var rate = new RequestRate(TimeSpan.FromSeconds(1), 3, time);
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => rate.TryTake()));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => rate.TryTake()));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => rate.TryTake()));
    }

    private Task<PasswordVerdict> AskAsync(string credentials) => _check.CheckAsync(Users, Basic(credentials), default);

    private static string Basic(string credentials) => $"Basic {Base64(credentials)}";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
