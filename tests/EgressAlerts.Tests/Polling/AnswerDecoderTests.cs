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

    /// <summary>Servers write without spaces, which is decoded by a shortcut; with a space anywhere the JSON reader does it all.</summary>
    [Fact]
    public async Task The_shortcut_decodes_what_the_reader_decodes()
    {
        string[] series =
        [
            """{"metric":{"a":"b"},"values":[[1700000000.1,"1"],[1700000000.12,"2"],[1700000000.123,"999999999999999"],[1700000001,"0"]]}""",
            """{"metric":{"a":"b\"},\"values\":[[1,\"1\"]]","c":"d"},"values":[[1,"1"]]}""",
            """{"metric":{"a":"\"}"},"values":[[2,"1"]]}""",
            """{"metric":{"a":"}"},"values":[[3,"1"]]}""",
            """{"metric":{"a":"},"},"values":[[3,"1"]]}""",
            """{"metric":{"a":"back\\"},"values":[[4,"1"]]}""",
            """{"metric":{"a":""},"values":[[4,"2"]]}""",
            """{"metric":{},"values":[[5,"1"]]}""",
            """{"metric":{"a":"no values"}}""",
            """{"metric":{"a":"none"},"values":[]}""",
            """{"metric":{"a":"histogram"},"histograms":[[6,{"count":"1","sum":"2","buckets":[[0,"1","2","3"]]}]]}""",
            """{"metric":{"a":"both"},"values":[[7,"1"]],"histograms":[]}""",
            """{"metric":{"a":"e"},"values":[[1.7e9,"1e3"],[8,"-0"],[9,"0.25"],[10,"NaN"],[11.1234,"1"],[12,"1234567890123456789"]]}""",
            """{"values":[[13,"1"]],"metric":{"a":"other order"}}""",
            """{"metric":{"a":"single"},"value":[14,"1"]}""",
        ];
        var compact = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" + string.Join(',', series.Concat(series)) + "]}}";
        var spaced = compact.Replace("},{\"metric\"", "}, {\"metric\"", StringComparison.Ordinal).Replace("[{\"metric\"", "[ {\"metric\"", StringComparison.Ordinal);
        Assert.NotEqual(compact.Length, spaced.Length);
        var expected = (await DecodeAsync(Encoding.UTF8.GetBytes(spaced))).Series;
        Assert.Equal(2 * series.Length, expected.Count);
        for (var size = 1; size < 400; size++) Assert.Equal(expected, (await DecodeAsync(Encoding.UTF8.GetBytes(compact), size)).Series);
    }

    [Fact]
    public async Task A_vector_has_one_sample_a_series()
    {
        var (answer, series) = await DecodeAsync("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"x"},"value":[1,"3"]}]}}"""u8.ToArray());
        Assert.Equal("vector", answer.ResultType);
        Assert.Equal([("""{"job":"x"}""", "1000=3")], series);
    }

    [Fact]
    public async Task Warnings_errors_and_partial_answers_are_told_wherever_they_stand()
    {
        var (late, _) = await DecodeAsync("""{"status":"success","data":{"resultType":"matrix","result":[]},"isPartial":true,"warnings":["store-2 is away","more"]}"""u8.ToArray());
        Assert.True(late.IsPartial);
        Assert.Equal(["store-2 is away", "more"], late.Notes.Select(note => note.Text));
        var (error, _) = await DecodeAsync("""{"status":"error","errorType":"execution","error":"too many samples"}"""u8.ToArray());
        Assert.Equal(("error", "execution", "too many samples"), (error.Status, error.ErrorType, error.Error));
    }

    [Fact]
    public async Task Every_true_prefix_of_an_answer_is_refused()
    {
        var bytes = Encoding.UTF8.GetBytes(Matrix);
        for (var length = 0; length < bytes.Length; length++) await Assert.ThrowsAnyAsync<JsonException>(() => DecodeAsync(bytes[..length]));
    }

    [Theory]
    [InlineData("<html><body>502 Bad Gateway</body></html>")]
    [InlineData("[]")]
    [InlineData("""{"data":{"result":{}}}""")]
    [InlineData("""{"data":{"result":[3]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[["1","1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1,"one"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1,"1",2]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[["1","1"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]]}{}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"],]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]],}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{}},{"metric":{"a":"b"},"values":[[1,"1"]]}""")]
    [InlineData("""{"status":1}""")]
    public Task What_is_no_answer_is_refused(string text) => Assert.ThrowsAnyAsync<JsonException>(() => DecodeAsync(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public Task More_bytes_than_allowed_end_the_decoding() =>
        Assert.ThrowsAsync<AnswerTooLargeException>(() => DecodeAsync(Encoding.UTF8.GetBytes(Matrix), 16, maxBytes: 100));

    private static async Task<(QueryAnswer Answer, List<(string Labels, string Samples)> Series)> DecodeAsync(byte[] bytes, int pieces = 64, long maxBytes = long.MaxValue)
    {
        var sink = new CollectingSink();
        return (await new AnswerDecoder(sink).DecodeAsync(new PiecewiseStream(bytes, pieces), maxBytes, CancellationToken.None), sink.Collected);
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
