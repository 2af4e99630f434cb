using System.Text;
using System.Text.Json;
using EgressAlerts.Polling;

namespace EgressAlerts.Tests.Polling;

public sealed class AnswerDecoderTests
{
    private const string Matrix = """
        {"status":"success","isPartial":false,"data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"istio_requests_total","source_workload":"a\"}]"},"values":[[1700000000.123,"1"],[1700000030,"2.5e3"]]},
        {"metric":{},"values":[[1700000000,"NaN"],[1700000001,"+Inf"],[1700000002,"-Inf"]]}],
        "stats":{"timings":{"evalTotalTime":0.1},"list":[1,2,{"a":[]}]}},"warnings":["twice","twice"],"infos":["PromQL info"]}
        """;

    [Fact]
    public async Task A_matrix_is_decoded_alike_whatever_the_pieces_it_arrives_in()
    {
        var bytes = Encoding.UTF8.GetBytes(Matrix);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var (answer, series) = await DecodeAsync(bytes, size);
            Assert.Equal(("success", "matrix", false), (answer.Status, answer.ResultType, answer.IsPartial));
            Assert.Equal([("twice", NoteKind.Unknown), ("PromQL info", NoteKind.Harmless)], answer.Notes.Select(note => (note.Text, note.Kind)));
            Assert.Equal(
                [
                    ("""{"__name__":"istio_requests_total","source_workload":"a\"}]"}""", "1700000000123=1 1700000030000=2500"),
                    ("{}", "1700000000000=NaN 1700000001000=Infinity 1700000002000=-Infinity"),
                ],
                series);
        }
    }

    [Fact]
    public async Task Every_way_to_write_a_series_is_understood_whatever_the_pieces_it_arrives_in()
    {
        (string Series, string Labels, string Samples)[] cases =
        [
            (
                """{"metric":{"a":"b"},"values":[[1700000000.1,"1"],[1700000000.12,"2"],[1700000000.123,"999999999999999"],[1700000001,"0"]]}""",
                """{"a":"b"}""",
                "1700000000100=1 1700000000120=2 1700000000123=999999999999999 1700000001000=0"),
            (
                """{"metric":{"a":"b\"},\"values\":[[1,\"1\"]]","c":"d"},"values":[[1,"1"]]}""",
                """{"a":"b\"},\"values\":[[1,\"1\"]]","c":"d"}""",
                "1000=1"),
            ("""{"metric":{"a":"\"}"},"values":[[2,"1"]]}""", """{"a":"\"}"}""", "2000=1"),
            ("""{"metric":{"a":"}"},"values":[[3,"1"]]}""", """{"a":"}"}""", "3000=1"),
            ("""{"metric":{"a":"},"},"values":[[3,"1"]]}""", """{"a":"},"}""", "3000=1"),
            ("""{"metric":{"a":"back\\"},"values":[[4,"1"]]}""", """{"a":"back\\"}""", "4000=1"),
            ("""{"metric":{"a":""},"values":[[4,"2"]]}""", """{"a":""}""", "4000=2"),
            ("""{ "metric" : { "a" : "spaces" } , "values" : [ [ 4 , "2" ] , [ 5.250 , "3" ] ] }""", """{ "a" : "spaces" }""", "4000=2 5250=3"),
            ("""{"metric":{},"values":[[5,"1"]]}""", "{}", "5000=1"),
            ("""{"metric":{"a":"no values"}}""", """{"a":"no values"}""", ""),
            ("""{"metric":{"a":"none"},"values":[]}""", """{"a":"none"}""", ""),
            ("""{"metric":{"a":"histogram"},"histograms":[[6,{"count":"1","buckets":[[0,"1","2","3"]]}]]}""", """{"a":"histogram"}""", ""),
            ("""{"metric":{"a":"both"},"values":[[7,"1"]],"histograms":[]}""", """{"a":"both"}""", "7000=1"),
            (
                """{"metric":{"a":"e"},"values":[[1.7e9,"1e3"],[8,"-0.5"],[9,"0.25"],[10,"NaN"],[11.1234,"1"],[12,"1234567890123456789"]]}""",
                """{"a":"e"}""",
                "1700000000000=1000 8000=-0.5 9000=0.25 10000=NaN 11123=1 12000=1.2345678901234568E+18"),
            (
                """{"metric":{"a":"long"},"values":[[-1.500,"-3"],[13.001,"4294967296"],[4294967296.007,"100000000000000000000"]]}""",
                """{"a":"long"}""",
                "-1500=-3 13001=4294967296 4294967296007=1E+20"),
            ("""{"values":[[13,"1"]],"metric":{"a":"other order"}}""", """{"a":"other order"}""", "13000=1"),
            ("""{"metric":{"a":"single"},"value":[14,"1"]}""", """{"a":"single"}""", "14000=1"),
        ];
        var answer = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
            + string.Join(',', cases.Concat(cases).Select(each => each.Series)) + "]}}";
        var expected = cases.Concat(cases).Select(each => (each.Labels, each.Samples)).ToList();
        for (var size = 1; size < 400; size++) Assert.Equal(expected, (await DecodeAsync(Encoding.UTF8.GetBytes(answer), size)).Series);
    }

    [Fact]
    public async Task A_vector_has_one_sample_a_series()
    {
        var (answer, series) = await DecodeAsync(
            """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"x"},"value":[1,"3"]}]}}"""u8.ToArray());
        Assert.Equal("vector", answer.ResultType);
        Assert.Equal([("""{"job":"x"}""", "1000=3")], series);
    }

    [Fact]
    public async Task Warnings_errors_and_partial_answers_are_told_wherever_they_stand()
    {
        var (late, _) = await DecodeAsync(
            """{"status":"success","data":{"resultType":"matrix","result":[]},"isPartial":true,"warnings":["store-2 is away","more"]}"""u8.ToArray());
        Assert.True(late.IsPartial);
        Assert.Equal(["store-2 is away", "more"], late.Notes.Select(note => note.Text));
        var (error, _) = await DecodeAsync("""{"status":"error","errorType":"execution","error":"too many samples"}"""u8.ToArray());
        Assert.Equal(("error", "execution", "too many samples"), (error.Status, error.ErrorType, error.Error));
    }

    [Theory]
    [InlineData(Matrix)]
    [InlineData(
        """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"1"]]},"""
        + """{"metric":{"a":"c"},"values":[[2.125,"2"]]}]}}""")]
    public async Task Every_true_prefix_of_an_answer_is_refused(string answer)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var length = 0; length < bytes.Length; length++) await Assert.ThrowsAnyAsync<JsonException>(() => DecodeAsync(bytes[..length]));
    }

    [Theory]
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("[]")]
    [InlineData("""{"data":{"result":{}}}""")]
    [InlineData("""{"data":{"result":[3]}}""")]
    [InlineData("""{"data":{"result":[{"metric":"a","values":[[1,"1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":[{"a":"b"}],"values":[[1,"1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[["1","1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1,"one"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1,"1",2]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[["1","1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]]}{}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"],]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]],}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]]}""")]
    [InlineData("""{"data":{"result":[{"metric":{"a":"b"}},{"metric":{"a":{"b":"c"},"values":[[1,"1"]]},"values":[[2,"2"]]}]}}""")]
    [InlineData("""{"status":1}""")]
    public Task What_is_no_answer_is_refused(string text) => Assert.ThrowsAnyAsync<JsonException>(() => DecodeAsync(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public Task More_bytes_than_allowed_end_the_decoding() =>
        Assert.ThrowsAsync<AnswerTooLargeException>(() => DecodeAsync(Encoding.UTF8.GetBytes(Matrix), 16, maxBytes: 100));

    private static async Task<(QueryAnswer Answer, List<(string Labels, string Samples)> Series)> DecodeAsync(
        byte[] bytes,
        int pieces = 64,
        long maxBytes = long.MaxValue)
    {
        var sink = new CollectingSink();
        return (await new AnswerDecoder(sink, pieces).DecodeAsync(new PiecewiseStream(bytes, pieces), maxBytes, CancellationToken.None), sink.Collected);
    }

    private sealed class CollectingSink : ISeriesSink
    {
        public List<(string Labels, string Samples)> Collected { get; } = [];

        public void Restart() => Collected.Clear();

        public void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples)
        {
            var text = new List<string>();
            foreach (var sample in samples) text.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{sample.Milliseconds}={sample.Value}"));
            Collected.Add((Encoding.UTF8.GetString(labels), string.Join(' ', text)));
        }
    }

    /// <summary>Hands out a few bytes at a time, as a network does.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int pieces) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(pieces, buffer.Length)], cancellationToken);
    }
}
