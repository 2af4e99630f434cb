using EgressAlerts.Web;

namespace EgressAlerts.Tests.Web;

public sealed class ArgumentsTests
{
    [Theory]
    [InlineData("?sort=name&page=2", null)]
    [InlineData("?sort=&page=", null)]
    [InlineData("?sort=size", "sort is none of upload, name.")]
    [InlineData("?page=0", "page is not a whole number from 1 to 10.")]
    [InlineData("?page=-1", "page is not a whole number from 1 to 10.")]
    [InlineData("?page=2&page=3", "page is given 2 times: give it once.")]
    [InlineData("?color=red", "There is no argument 'color' here. Known arguments: page, sort.")]
    public void What_is_wrong_is_said(string query, string? complaint)
    {
        var arguments = Rendered.Arguments(query);
        arguments.OneOf("sort", "upload", "name");
        arguments.Count("page", 1, 10, 1);
        Assert.Equal(complaint, arguments.Complaint);
    }

    [Fact]
    public void Long_text_is_refused_and_hostile_names_are_quoted()
    {
        var arguments = Rendered.Arguments("?search=" + new string('a', 3000));
        Assert.Equal("", arguments.Text("search"));
        Assert.Equal("search is longer than 2000 characters.", arguments.Complaint);
        Assert.DoesNotContain("\n", Rendered.Arguments("?a%0Ab=1").Complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_of_rows_is_within_the_rows()
    {
        var all = Enumerable.Range(1, 250).ToList();
        Assert.Equal([201, 250], Ends(RowsPage<int>.Of(Rendered.Arguments("?page=3"), all)));
        Assert.Equal([201, 250], Ends(RowsPage<int>.Of(Rendered.Arguments("?page=99"), all)));
        Assert.Equal(1, RowsPage<int>.Of(Rendered.Arguments(), []).Pages);
    }

    [Fact]
    public void A_link_changes_one_argument_and_begins_at_the_first_page()
    {
        var context = new PageContext("./", "workloads", [new("namespace", "a&b"), new("page", "3")], Rendered.Now);
        Assert.Equal("?namespace=a%26b&sort=name", context.With("sort", "name"));
        Assert.Equal("?", context.With("namespace", ""));
    }

    private static int[] Ends(RowsPage<int> page) => [page.Rows[0], page.Rows[^1]];
}
