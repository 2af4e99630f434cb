using EgressAlerts.Naming;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Naming;

public sealed class PublicSuffixesTests : IDisposable
{
    internal const string List = """
        // a comment
        // ===BEGIN ICANN DOMAINS===
        com
        net
        uk
        co.uk // with a remark
        jp
        *.kobe.jp
        !city.kobe.jp
        *.ck
        !www.ck
        cn
        公司.cn
        // ===END ICANN DOMAINS===
        // ===BEGIN PRIVATE DOMAINS===
        *.compute-1.amazonaws.com
        blogs.example.com
        // ===END PRIVATE DOMAINS===
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("example.com", "example.com")]
    [InlineData("a.b.example.com", "example.com")]
    [InlineData("com", "")]
    [InlineData("*.com", "")]
    [InlineData("*.example.com", "example.com")]
    [InlineData("www.example.co.uk", "example.co.uk")]
    [InlineData("co.uk", "")]
    [InlineData("example.uk", "example.uk")]
    [InlineData("b.c.kobe.jp", "b.c.kobe.jp")]
    [InlineData("c.kobe.jp", "")]
    [InlineData("a.city.kobe.jp", "city.kobe.jp")]
    [InlineData("x.www.ck", "www.ck")]
    [InlineData("a.b.ck", "a.b.ck")]
    [InlineData("www.shop.xn--55qx5d.cn", "shop.xn--55qx5d.cn")]
    [InlineData("*.compute-1.amazonaws.com", "amazonaws.com")]
    [InlineData("db.corp.internal", "corp.internal")]
    [InlineData("localhost", "")]
    public void The_registrable_domain_is_what_the_ICANN_part_says(string host, string domain) => Assert.Equal(domain, Read(List).DomainOf(host));

    [Fact]
    public void Customers_of_a_provider_have_different_owners()
    {
        var list = Read(List);
        Assert.Equal("", list.OwnerOf("ec2-52-22-188-80.compute-1.amazonaws.com"));
        Assert.Equal("amazonaws.com", list.OwnerOf("s3.amazonaws.com"));
        Assert.NotEqual(list.OwnerOf("a.blogs.example.com"), list.OwnerOf("b.blogs.example.com"));
        Assert.Equal("example.com", list.OwnerOf("www.example.com"));
    }

    [Theory]
    [InlineData("www.example.co.uk", "example.co.uk")]
    [InlineData("www.example.com", "example.com")]
    [InlineData("example.de", "example.de")]
    [InlineData("www.co.uk", "www.co.uk")]
    [InlineData("co.uk", "")]
    [InlineData("de", "")]
    public void Without_a_list_the_usual_second_levels_of_countries_are_known(string host, string domain)
    {
        var none = PublicSuffixes.Read(Path.Combine(_folder.Path, "none"));
        Assert.Equal((false, domain, ""), (none.IsList, none.DomainOf(host), none.OwnerOf(host)));
        Assert.False(none.IsPublic(host));
    }

    [Fact]
    public void Only_what_ends_in_a_listed_suffix_is_public()
    {
        var list = Read(List);
        Assert.True(list.IsPublic("a.b.example.com"));
        Assert.False(list.IsPublic("db.corp.internal"));
    }

    [Fact]
    public void A_file_that_is_no_list_is_refused_with_a_reason() =>
        Assert.Contains(
            "is no Public Suffix List: nothing follows a line '// ===BEGIN ICANN DOMAINS==='",
            Assert.Throws<InvalidDataException>(() => Read("<html>moved</html>")).Message,
            StringComparison.Ordinal);

    private PublicSuffixes Read(string text) => PublicSuffixes.Read(_folder.Write("list.dat", text));
}
