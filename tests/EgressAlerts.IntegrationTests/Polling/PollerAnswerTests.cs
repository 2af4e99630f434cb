using System.Globalization;
using System.Text.Json;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>What Prometheus may answer instead of an answer: each is told, nothing is lost, and the window is read when it can be.</summary>
public sealed class PollerAnswerTests : PollerOverHttp
{
    public static TheoryData<string, string, string> Answers() => new()
    {
        {
            "bad_json", "200 <html><body>Log in</body></html>",
            "it begins with '<html><body>Log in</body></html>': is prometheus.url a Prometheus, with the right path prefix, and not a login page?"
        },
        {
            "bad_json",
            """200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"istio_requests_total"},"values":[[176726""",
            "the answer is not what a query API sends"
        },
        { "bad_json", "200 {\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[]}}", "its resultType is neither matrix nor vector" },
        { "partial", Success("\"isPartial\":true"), "a storage node is missing; the window waits until it is back" },
        { "bad_json", Success("\"warnings\":\"store down\""), "found notes that are not a list" },
        { "bad_json", Success("\"warnings\":[\"\\ud800\"]"), "the answer is not what a query API sends" },
    };

    public static IEnumerable<object[]> Refusals() => Lines("answers.txt");

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_bad_answer_is_told_and_the_window_is_read_when_there_is_a_good_one(string reason, string answer, string message)
    {
        Server.Answer = OnMetric("istio_tcp_sent_bytes_total", Text(int.Parse(answer[..3], CultureInfo.InvariantCulture), answer[4..]));
        await FailsAsync(reason, message);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_told_with_what_to_do_about_it(string reason, string status, string error, string message)
    {
        var type = status[3..].Trim();
        var body = type.Length == 0 ? error : JsonSerializer.Serialize(new { status = "error", errorType = type, error });
        Server.Answer = OnMetric("istio_tcp_sent_bytes_total", Text(int.Parse(status[..3], CultureInfo.InvariantCulture), body));
        await FailsAsync(reason, message);
    }
}
