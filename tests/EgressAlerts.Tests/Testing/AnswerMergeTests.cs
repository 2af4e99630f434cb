using System.Text.Json.Nodes;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Testing;

public sealed class AnswerMergeTests
{
    private const string FromA = """
        {"resultType":"matrix","result":[
          {"metric":{"__name__":"m","pod":"x","job":"j"},"values":[[1.5,"1"],[2.5,"+Inf"]]},
          {"metric":{"__name__":"m","pod":"y","job":"j"},"values":[[1.5,"7"]]}]}
        """;

    private const string FromB = """
        {"resultType":"matrix","result":[{"metric":{"__name__":"m","job":"j","pod":"x"},"values":[[2.001,"1e+06"],[2.5,"NaN"]]}]}
        """;

    [Theory]
    [InlineData(MergeMode.Union, """[[1.5,"1"],[2.001,"1000000"],[2.5,"\u002BInf"],[2.5,"NaN"]]""")]
    [InlineData(MergeMode.Chain, """[[1.5,"1"],[2.001,"1000000"],[2.5,"\u002BInf"]]""")]
    [InlineData(MergeMode.Penalty, """[[1.5,"1"],[2.5,"\u002BInf"]]""")]
    public void Series_of_the_same_labels_in_any_order_become_one_and_the_others_stay_as_they_are(MergeMode mode, string expected)
    {
        var merged = Merge(mode, FromA, FromB);
        Assert.Equal([expected, """[[1.5,"7"]]"""], merged.Select(series => series!["values"]!.ToJsonString()));
    }

    [Fact]
    public void With_duplicates_each_series_says_whose_it_is_unless_it_is_an_aggregation()
    {
        Assert.Equal(["a", "b", "a"], Merge(MergeMode.Duplicates, FromA, FromB).Select(series => series!["metric"]!["replica"]!.GetValue<string>()));
        const string Jobs = """{"resultType":"vector","result":[{"metric":{"job":"j"},"value":[1.5,"1"]}]}""";
        Assert.Null(Assert.Single(Merge(MergeMode.Duplicates, Jobs, Jobs))!["metric"]!["replica"]);
    }

    [Fact]
    public void Of_two_instants_of_a_series_the_first_stands()
    {
        static string Up(int value) => $$"""{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1.5,"{{value}}"]}]}""";
        Assert.Equal("""[1.5,"1"]""", Assert.Single(Merge(MergeMode.Chain, Up(1), Up(0)))!["value"]!.ToJsonString());
    }

    [Fact]
    public void Where_nobody_answers_there_is_no_series() => Assert.Empty(AnswerMerge.Merge(MergeMode.Union, [])["result"]!.AsArray());

    private static JsonArray Merge(MergeMode mode, string a, string b) =>
        AnswerMerge.Merge(mode, [("a", JsonNode.Parse(a)!), ("b", JsonNode.Parse(b)!)])["result"]!.AsArray();
}
