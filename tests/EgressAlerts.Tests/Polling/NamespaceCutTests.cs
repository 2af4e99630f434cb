using System.Text.RegularExpressions;
using EgressAlerts.Polling;
using FsCheck;
using FsCheck.Fluent;

namespace EgressAlerts.Tests.Polling;

public sealed class NamespaceCutTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("a shop", "s", "(?:[^s-~].*)?")]
    [InlineData("shop-1 shop-2", "shop-2", "(?:[^s-~].*|s(?:[^h-~].*|h(?:[^o-~].*|o(?:[^p-~].*|p(?:[^--~].*|-(?:[^2-~].*)?)?)?)?)?)?")]
    [InlineData("pay payments web", "paym", "(?:[^p-~].*|p(?:[^a-~].*|a(?:[^y-~].*|y(?:[^m-~].*)?)?)?)?")]
    public void A_cut_is_the_shortest_text_between_the_halves(string names, string cut, string pattern)
    {
        Assert.Equal(cut, NamespaceCut.Between(names.Split(' ')));
        Assert.Equal(($"source_workload_namespace=~\"{pattern}\"", $"source_workload_namespace!~\"{pattern}\""), NamespaceCut.Matchers(cut));
    }

    /// <summary>Where names cannot be told apart, or are none, there is nothing to cut.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("shop")]
    [InlineData("shop shop")]
    [InlineData("shop x\"}) Shop .* a|b -shop \\ söhne")]
    public void Hostile_values_never_get_into_a_query(string values) => Assert.Null(NamespaceCut.Between(values.Split(' ')));

    /// <summary>Each value of the label is in exactly one part, also one that has no name of a namespace in it, and each listed name is where it is said to
    /// be.</summary>
    [Fact]
    public void Every_value_is_in_exactly_one_part()
    {
        var letters = Gen.Elements("", "-", "0", "9", "a", "b", "p", "z", "A", "_", ".", "~", "ö", "\u007f", "\u2028", "\n", "\U0001f600", "\"", "\\", "|");
        var texts = letters.ArrayOf(4).Select(string.Concat);
        var names = Gen.Elements("a", "b", "0", "-", "z").ArrayOf(5).Select(parts => string.Concat(parts).TrimStart('-'));
        Prop.ForAll(names.ListOf(30).ToArbitrary(), texts.ListOf(20).ToArbitrary(), (known, values) =>
        {
            var root = new QueryPart([]);
            while (root.Leaves.Any(TrySplit))
            {
                // One part after the other becomes two.
            }

            foreach (var value in values.Concat(known)) Assert.Single(root.Leaves, part => IsIn(part, value));
            foreach (var name in known.Where(NamespaceCut.IsName))
                Assert.All(root.Leaves, part => Assert.Equal(IsIn(part, name), part.MayHold(name)));
            Assert.All(root.Leaves, part => Assert.True(known.Where(NamespaceCut.IsName).Distinct().Count(part.MayHold) <= 1));

            bool TrySplit(QueryPart part) => NamespaceCut.Between(known.Where(part.MayHold)) is { } cut && part.TrySplit(cut, Noon);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Two_halves_are_tried_as_one_after_six_hours_and_only_the_innermost()
    {
        var root = new QueryPart([]);
        Assert.True(root.TrySplit("m", Noon));
        Assert.False(root.IsDueWhole(Noon.AddHours(5), TimeSpan.FromHours(6)));
        Assert.True(root.IsDueWhole(Noon.AddHours(6), TimeSpan.FromHours(6)));
        Assert.True(root.Halves!.Value.Above.TrySplit("p", Noon));
        Assert.False(root.IsDueWhole(Noon.AddHours(6), TimeSpan.FromHours(6)));
        root.Halves!.Value.Above.Join();
        root.StayInHalves(Noon.AddHours(6));
        Assert.False(root.IsDueWhole(Noon.AddHours(7), TimeSpan.FromHours(6)));
        root.Join();
        Assert.Same(root, Assert.Single(root.Leaves));
    }

    [Fact]
    public void A_query_never_becomes_longer_than_servers_take()
    {
        var part = new QueryPart([]);
        var splits = 0;
        for (; part.TrySplit(new string('a', 63) + 'b', Noon); splits++) part = part.Halves!.Value.Above;
        Assert.InRange(splits, 8, 20);
        Assert.True(part.Matchers.Sum(matcher => matcher.Length + 1) < 16_000);
    }

    private static bool IsIn(QueryPart part, string value) => part.Matchers.All(matcher =>
    {
        var parts = Regex.Match(matcher, "^source_workload_namespace(=~|!~)\"([^\"\\\\]*)\"$");
        Assert.True(parts.Success);
        return Regex.IsMatch(value, $@"\A(?:{parts.Groups[2].Value})\z", RegexOptions.CultureInvariant) == (parts.Groups[1].Value == "=~");
    });
}
