using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class ShardTests
{
    [Theory]
    [InlineData("1/1", 1, 1)]
    [InlineData("2/8", 2, 8)]
    [InlineData("8/8", 8, 8)]
    [InlineData("ordinal/8", 4, 8)]
    public void A_part_is_read_from_the_command_line_or_from_the_name_of_the_host(string text, int number, int of) =>
        Assert.Equal(new Shard(number, of), Shard.Parse(text, "egress-alerts-3"));

    [Theory]
    [InlineData("0/8")]
    [InlineData("9/8")]
    [InlineData("1/0")]
    [InlineData("1/1001")]
    [InlineData("-1/8")]
    [InlineData("1")]
    [InlineData("1/2/3")]
    [InlineData("")]
    [InlineData("one/8")]
    [InlineData("ordinal/3")]
    public void What_is_no_part_is_refused(string text) => Assert.Null(Shard.Parse(text, "egress-alerts-3"));

    [Theory]
    [InlineData("host")]
    [InlineData("")]
    public void A_host_without_a_number_has_no_ordinal(string host) => Assert.Null(Shard.Parse("ordinal/8", host));

    [Fact]
    public void Each_namespace_belongs_to_exactly_one_part_and_none_has_far_more_than_its_share()
    {
        string[] names = [.. Enumerable.Range(0, 400).SelectMany(i => (string[])[$"team-{i}-prod", $"team-{i}-dev"])];
        var parts = Enumerable.Range(1, 8).Select(number => names.Where(new Shard(number, 8).Owns).ToList()).ToList();
        Assert.Equal(names.Order(), parts.SelectMany(part => part).Order());
        Assert.All(parts, part => Assert.InRange(part.Count, 60, 140));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Team")]
    [InlineData("a.b")]
    [InlineData("x\"} or up{a=\"")]
    public void What_is_no_name_of_a_namespace_belongs_to_the_first(string text)
    {
        Assert.True(new Shard(1, 8).Owns(text));
        Assert.False(new Shard(2, 8).Owns(text));
    }

    /// <summary>With another hash every namespace would change its part at an upgrade.</summary>
    [Fact]
    public void The_part_of_a_name_never_changes() => Assert.Equal(
        "shop 7, payments 6, kube-system 6",
        string.Join(", ", ((string[])["shop", "payments", "kube-system"])
            .Select(name => $"{name} {Enumerable.Range(1, 8).Single(number => new Shard(number, 8).Owns(name))}")));
}
