using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class RoutePrefixTests
{
    [Theory]
    [InlineData("/", "")]
    [InlineData("", "")]
    [InlineData("/egress", "/egress")]
    [InlineData("/mesh/egress/", "/mesh/egress")]
    public void A_prefix_begins_with_a_slash_and_needs_none_at_its_end(string text, string expected) =>
        Assert.Equal(expected, RoutePrefix.TryParse(text)?.Text);

    [Theory]
    [InlineData("egress")]
    [InlineData("//evil.example.com")]
    [InlineData("/a/../b")]
    [InlineData("/a b")]
    [InlineData("/{a}")]
    [InlineData("/a?b")]
    public void Anything_else_is_refused(string text) => Assert.Null(RoutePrefix.TryParse(text));

    [Theory]
    [InlineData("/egress", "/egress/alerts/f", "alerts/f", "../")]
    [InlineData("/egress", "/egress/", "", "./")]
    [InlineData("", "/workloads/shop/cart", "workloads/shop/cart", "../../")]
    [InlineData("", "/runbooks/", "runbooks/", "../")]
    public void The_way_back_to_the_overview_is_relative(string prefix, string path, string below, string root)
    {
        Assert.Equal(below, RoutePrefix.TryParse(prefix)!.Below(path));
        Assert.Equal(root, RoutePrefix.Root(below));
    }
}
