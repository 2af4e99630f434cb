using System.Globalization;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>What Prometheus may answer instead of an answer: each is told, nothing is lost, and the window is read when it can be.</summary>
public sealed class PollerFailureTests : IAsyncLifetime
{
    private const string Jobs = """{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"envoy"},"value":[1767268800,"1"]}]}}""";
    private const string Up = """
        {"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"__name__":"up","job":"envoy","instance":"10.0.0.1:15090"},"value":[1767268800,"1"]}]}}
        """;

    private const string Nothing = """{"status":"success","data":{"resultType":"matrix","result":[]}}""";
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly MetricRegistry _self = new();
    private readonly ListLogger<Poller> _log = new();
    private readonly HttpClient _http = HttpClients.Create(new HttpSettings(), NullLogger.Instance);
    private readonly HandTime _time = new();
    private LoopbackServer _server = null!;
    private Poller _poller = null!;

    public async Task InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync();
        _server.Answer = Good(5);
        var options = new PollingOptions { Url = new Uri(_server.Address, "prefix?dedup=true"), Timeout = TimeSpan.FromSeconds(2), MaxResponseBytes = 1 << 20 };
        _poller = new Poller(_http, options, new TelemetryOptions(), new PollingMetrics(_self), Store.InMemory().Read(), _time, _log);
        Assert.True(await ReadAsync(0) is { } first && _poller.BaselineEnd == first.Window.End);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
    }

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

    public static IEnumerable<object[]> MissingNotes() => Lines("notes.txt").Where(part => part[0] == "missing").Select(part => part[1..]);

    public static IEnumerable<object[]> HarmlessNotes() => Lines("notes.txt").Where(part => part[0] == "harmless").Select(part => part[1..]);

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_bad_answer_is_told_and_the_window_is_read_when_there_is_a_good_one(string reason, string answer, string message)
    {
        _server.Answer = OnMetric("istio_tcp_sent_bytes_total", Text(int.Parse(answer[..3], CultureInfo.InvariantCulture), answer[4..]));
        await FailsAsync(reason, message);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refusal_is_told_with_what_to_do_about_it(string reason, string status, string error, string message)
    {
        var type = status[3..].Trim();
        var body = type.Length == 0 ? error : JsonSerializer.Serialize(new { status = "error", errorType = type, error });
        _server.Answer = OnMetric("istio_tcp_sent_bytes_total", Text(int.Parse(status[..3], CultureInfo.InvariantCulture), body));
        await FailsAsync(reason, message);
    }

    [Theory]
    [MemberData(nameof(MissingNotes))]
    public async Task A_note_that_tells_of_missing_data_makes_the_window_wait_however_long(string note)
    {
        _server.Answer = Noted(8, "PromQL info: first", note);
        Assert.Null(await ReadAsync(1));
        _time.Advance(TimeSpan.FromMinutes(50));
        await FailsAsync("partial", note[..Math.Min(note.Length, 100)], failedBefore: 1);
    }

    [Theory]
    [MemberData(nameof(HarmlessNotes))]
    public async Task A_note_that_says_nothing_about_missing_data_is_shown_and_the_answer_counts(string note)
    {
        _server.Answer = Noted(9, note);
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.Equal([note], _poller.Notes);
        Assert.Empty(_poller.Telemetry.Warnings);
        Assert.NotNull(await ReadAsync(2));
        Assert.Single(_log.Entries, $"Information: Prometheus' answers come with notes; they are counted all the same: {note}");

        _server.Answer = Good(9);
        Assert.NotNull(await ReadAsync(3));
        Assert.Empty(_poller.Notes);
        Assert.Single(_log.Entries, "Information: Prometheus' answers come without notes again");
    }

    [Fact]
    public async Task A_note_nobody_knows_makes_the_window_wait_ten_minutes_and_then_counts_and_is_reported()
    {
        _server.Answer = Noted(9, "the moon is in quarter 3 of \"aries\"");
        Assert.Null(await ReadAsync(1));
        Assert.StartsWith("partial: the answer has a note whose meaning is not known: the moon is in quarter 3", _poller.Failure, StringComparison.Ordinal);
        _time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Null(await ReadAsync(1));
        _time.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        var warning = Assert.Single(_poller.Telemetry.Warnings);
        Assert.Equal("unknown_notes", warning.Kind);
        Assert.Contains("the moon is in quarter 3", warning.Message, StringComparison.Ordinal);

        // The same wording counts at once for as long as it keeps coming; another one waits half as long.
        _server.Answer = Noted(9, "the moon is in quarter 4 of \"taurus\"");
        Assert.NotNull(await ReadAsync(2));
        _server.Answer = Noted(9, "a store is asleep");
        Assert.Null(await ReadAsync(3));
        _time.Advance(TimeSpan.FromMinutes(5.1));
        Assert.NotNull(await ReadAsync(3));

        // A wording that stopped coming may mean something else when it is back.
        _server.Answer = Good(9);
        Assert.NotNull(await ReadAsync(4));
        Assert.Empty(_poller.Telemetry.Warnings);
        _server.Answer = Noted(9, "a store is asleep");
        Assert.Null(await ReadAsync(5));
        _server.Answer = Noted(9, "a store is asleep", "receive series from Addr: 10.0.4.17:10901: EOF");
        _time.Advance(TimeSpan.FromMinutes(50));
        Assert.Null(await ReadAsync(5));
    }

    [Fact]
    public async Task A_server_whose_notes_never_repeat_holds_counting_up_for_twenty_minutes_in_all()
    {
        var words = 0;
        _server.Answer = async context => await Noted(9, "word " + new string('a', Interlocked.Increment(ref words)))(context);
        var (window, waits) = (1, 0);
        for (; window <= 20 && waits < 200; _time.Advance(TimeSpan.FromSeconds(10)))
        {
            if (await ReadAsync(window) is not null) window++;
            else waits++;
        }

        Assert.Equal(21, window);
        Assert.InRange(TimeSpan.FromSeconds(10) * waits, TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(25));
    }

    [Fact]
    public async Task Of_many_long_notes_ten_are_shown_on_one_line_each_and_the_one_that_matters_is_seen()
    {
        _server.Answer = Noted(9, [.. Enumerable.Range(0, 1000).Select(i => $"PromQL info: {new string((char)('a' + (i % 26)), 400 + (i / 26))}\n\u202e")]);
        Assert.NotNull(await ReadAsync(1));
        Assert.Equal(10, _poller.Notes.Count);
        Assert.All(_poller.Notes, note => Assert.True(note.Length <= 300 && !note.Any(char.IsControl)));
        _server.Answer = Noted(9, [.. Enumerable.Range(0, 5000).Select(i => $"PromQL info: {i}").Append("receive series from Addr: 1.2.3.4:10901: EOF")]);
        Assert.Null(await ReadAsync(2));
    }

    [Fact]
    public async Task An_answer_that_the_server_cut_off_is_no_answer()
    {
        _server.Answer = Noted(8, "results truncated due to limit"); // Prometheus 3.2 and later, asked with a limit.
        await FailsAsync("limit", "remove 'limit' from prometheus.url");
    }

    [Fact]
    public async Task Every_query_asks_the_server_to_refuse_a_partial_answer()
    {
        var asked = new List<string>();
        _server.Answer = async context =>
        {
            asked.Add($"{context.Request.Form["partial_response"]}/{context.Request.Form["deny_partial_response"]}");
            await Good(5)(context);
        };
        Assert.NotNull(await ReadAsync(1));
        Assert.All(asked, arguments => Assert.Equal("false/1", arguments));
    }

    [Fact]
    public async Task A_server_that_refuses_arguments_it_does_not_know_is_asked_without_them()
    {
        // Google Cloud Managed Service for Prometheus, 2024.
        const string Refusal = """
            {"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"partial_response\": Cannot bind query parameter. "}}
            """;
        var refused = 0;
        _server.Answer = async context =>
        {
            var isRefused = (await context.Request.ReadFormAsync()).ContainsKey("partial_response");
            if (isRefused) Interlocked.Increment(ref refused);
            await (isRefused ? Text(400, Refusal) : Good(9))(context);
        };
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.NotNull(await ReadAsync(2));
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_for_it_would_take_headers_to_another_host()
    {
        await using var other = await LoopbackServer.StartAsync();
        var followed = 0;
        other.Answer = context =>
        {
            Interlocked.Increment(ref followed);
            return Good(9)(context);
        };
        _server.Answer = context =>
        {
            context.Response.Redirect($"{other.Address}login?token=secret");
            return Task.CompletedTask;
        };
        await FailsAsync("status", $"the server sends queries on to {other.Address}login, which may be a login page; prometheus.url must be");
        Assert.Equal(0, followed);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_busy_server_is_asked_again_after_the_time_that_it_names(int status)
    {
        var asked = new List<long>();
        _server.Answer = context =>
        {
            asked.Add(TimeProvider.System.GetTimestamp());
            if (asked.Count > 1) return Good(9)(context);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.InRange(TimeProvider.System.GetElapsedTime(asked[0], asked[1]).TotalSeconds, 0.99, 10);
        Assert.Equal(0, _self.Sum("egress_alerts_query_failures_total", "busy"));
    }

    [Theory]
    [InlineData("https", "does the server speak plain HTTP? Then prometheus.url begins with http://")]
    [InlineData("http", "If it speaks HTTPS, prometheus.url begins with https://")]
    public async Task A_wrong_scheme_is_told(string scheme, string message)
    {
        // The answer of a TLS server that refuses what is no TLS: an alert, and the connection ends.
        using var tls = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        tls.Start();
        var alerts = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await tls.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync(new byte[] { 0x15, 3, 1, 0, 2, 2, 70 });
            }
        });
        var url = scheme == "https" ? new UriBuilder(_server.Address) { Scheme = "https" }.Uri : new Uri($"http://{tls.LocalEndpoint}");
        var options = new PollingOptions { Url = url, Timeout = TimeSpan.FromSeconds(2) };
        var poller = new Poller(_http, options, new TelemetryOptions(), new PollingMetrics(_self), Store.InMemory().Read(), _time, _log);
        Assert.Null(await poller.TryReadAsync(new Window(Noon, Noon.AddSeconds(30)), CancellationToken.None));
        Assert.StartsWith("connection: ", poller.Failure, StringComparison.Ordinal);
        Assert.Contains(message, poller.Failure, StringComparison.Ordinal);
        tls.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => alerts);
    }

    [Fact]
    public async Task An_answer_of_2_GB_is_given_up_at_the_bound()
    {
        _server.Answer = OnMetric("istio_requests_total", async context =>
        {
            var chunk = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("""{"metric":{"a":"b"},"values":[[1,"1"]]},""", 1000)));
            await context.Response.Body.WriteAsync("""{"status":"success","data":{"resultType":"matrix","result":["""u8.ToArray());
            for (long sent = 0; sent < 2L << 30 && !context.RequestAborted.IsCancellationRequested; sent += chunk.Length)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        });
        await FailsAsync("too_large", "the answer is larger than prometheus.max_response_bytes (1048576): raise it, or narrow prometheus.matchers");
    }

    [Fact]
    public async Task An_answer_that_says_it_has_2_GB_is_not_even_read()
    {
        _server.Answer = OnMetric("istio_requests_total", async context =>
        {
            context.Response.ContentLength = 2L << 30;
            await context.Response.Body.FlushAsync();
            await LoopbackServer.NeverAnswerAsync(context);
        });
        await FailsAsync("too_large", "the answer is larger than prometheus.max_response_bytes");
    }

    [Fact]
    public async Task A_server_that_never_answers_is_a_timeout()
    {
        _server.Answer = LoopbackServer.NeverAnswerAsync;
        await FailsAsync("timeout", "no complete answer within prometheus.timeout (2 s)");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_tried_again_at_once_and_nothing_counts_twice()
    {
        var broken = 0;
        var good = Good(9);
        _server.Answer = async context =>
        {
            var query = await QueryAsync(context);
            if (!query.StartsWith("istio_requests_total", StringComparison.Ordinal) || Interlocked.Increment(ref broken) > 2)
            {
                await good(context);
                return;
            }

            await context.Response.WriteAsync(Matrix(9)[..^20]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        var reading = await ReadAsync(1);
        Assert.Equal(4, Assert.Single(reading!.Increments).Amount);
        Assert.Equal(3, broken);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_by_its_address()
    {
        await _server.DisposeAsync();
        Assert.Null(await ReadAsync(1));
        Assert.Contains($"connection: {_server.Address}prefix: Connection refused", _poller.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_file_that_cannot_be_read_fails_the_query_until_it_can_be()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("token");
        using var http = HttpClients.Create(new HttpSettings { CredentialsFile = file }, NullLogger.Instance);
        var options = new PollingOptions { Url = _server.Address };
        _poller = new Poller(http, options, new TelemetryOptions(), new PollingMetrics(_self), Store.InMemory().Read(), TimeProvider.System, _log);
        Assert.Null(await ReadAsync(0));
        Assert.Null(await ReadAsync(0));
        Assert.Equal($"credentials: authorization.credentials_file cannot be read: Could not find file '{file}'.", _poller.Failure);
        Assert.Contains(_poller.Failure, Assert.Single(_log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(2, _self.Sum("egress_alerts_query_failures_total", "credentials"));
        folder.Write("token", "s3cret\n");
        Assert.True(await ReadAsync(0) is { } first && _poller.BaselineEnd == first.Window.End);
        Assert.Equal("", _poller.Failure);
    }

    /// <summary>It would be empty, and nothing in it would ever be read.</summary>
    [Fact]
    public async Task A_window_that_is_not_over_by_the_servers_clock_waits()
    {
        var good = Good(8);
        _server.Answer = context =>
        {
            context.Response.Headers.Date = Noon.AddSeconds(27).ToString("R");
            return good(context);
        };
        await FailsAsync("clock", "the server's clock shows 2026-01-01 12:00:27Z, but the window ends at 2026-01-01 12:00:30Z");
    }

    [Fact]
    public async Task Queries_ask_for_their_windows_end_below_the_prefix_and_keep_the_arguments()
    {
        var asked = new List<string>();
        _server.Answer = async context =>
        {
            var request = context.Request;
            asked.Add($"{request.Method} {request.Path}{request.QueryString} time={request.Form["time"]} {await QueryAsync(context)}");
            await Good(5)(context);
        };
        await ReadAsync(1);
        Assert.Equal("POST /prefix/api/v1/query?dedup=true time=1767268830 group by (job) (max_over_time(up[300000ms] offset 60000ms) == 1)", asked[0]);
        Assert.Contains("POST /prefix/api/v1/query?dedup=true time=1767268830 last_over_time(up[300000ms])", asked);
        Assert.Contains("POST /prefix/api/v1/query?dedup=true time=1767268830 istio_requests_total{}[150000ms]", asked);
        Assert.Equal(9, asked.Count);

        // Mangled names are looked for in the first window, and then every ten minutes.
        Assert.DoesNotContain(asked, query => query.Contains("__name__", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_only_GET_is_let_through_it_is_used_with_the_same_arguments()
    {
        var asked = new List<string>();
        var good = Good(7);
        _server.Answer = context =>
        {
            asked.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            if (context.Request.Method == "GET") return good(context);
            context.Response.StatusCode = 405;
            return Task.CompletedTask;
        };
        Assert.Equal(2, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.Equal("POST /prefix/api/v1/query?dedup=true", asked[0]);
        Assert.All(asked.Skip(1), request => Assert.StartsWith("GET /prefix/api/v1/query?dedup=true&query=", request, StringComparison.Ordinal));
        Assert.Equal(9, asked.Count(request => request.EndsWith("&time=1767268830&partial_response=false&deny_partial_response=1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_the_url_says_about_partial_answers_is_left_as_it_is()
    {
        var asked = new List<string>();
        _server.Answer = async context =>
        {
            asked.Add($"{context.Request.QueryString} {context.Request.Form["partial_response"]}/{context.Request.Form["deny_partial_response"]}");
            await Good(5)(context);
        };
        var options = new PollingOptions { Url = new Uri(_server.Address, "?partial_response=true&a=%26b%20c") };
        var poller = new Poller(_http, options, new TelemetryOptions(), new PollingMetrics(_self), Store.InMemory().Read(), _time, _log);
        Assert.NotNull(await poller.TryReadAsync(new Window(Noon, Noon.AddSeconds(30)), CancellationToken.None));
        Assert.All(asked, query => Assert.Equal("?partial_response=true&a=%26b%20c /1", query));
    }

    [Theory]
    [InlineData("UPDATE raw_counter SET anchors = x'00'", 4)]
    [InlineData("DELETE FROM raw_counter", 4)]
    [InlineData("UPDATE cell SET state = '{' WHERE name = 'raw_counters'", 4)]
    [InlineData("UPDATE raw_series SET hashes = x'00'", 0)]
    public async Task Where_counters_were_lost_what_is_unknown_is_a_baseline_in_the_next_window_and_counts_from_there(string damage, double excluded)
    {
        using var store = Store.InMemory();
        var options = new PollingOptions { Url = _server.Address };
        var state = store.Read();
        Poller New() => new(_http, options, new TelemetryOptions(), new PollingMetrics(new()), state, _time, _log);
        _poller = New();
        _server.Answer = Good(2);
        await ReadAsync(0);
        await ReadAsync(1);
        await ReadAsync(2);
        Assert.True(state.Commit());

        using (var command = store.Connection.CreateCommand())
        {
            command.CommandText = damage;
            Assert.Equal(1, command.ExecuteNonQuery());
        }

        state = store.Read();
        _poller = New();
        var before = Excluded();
        _server.Answer = Good(4);
        var reading = (await ReadAsync(3))!;
        Assert.Equal(excluded > 0 ? 0 : 2, reading.Increments.Sum(increment => increment.Amount));
        Assert.Equal(excluded, Excluded() - before);
        Assert.True(state.Commit());

        state = store.Read();
        _poller = New();
        _server.Answer = Good(9);
        Assert.Equal(5, Assert.Single((await ReadAsync(4))!.Increments).Amount);

        double Excluded() => _poller.Excluded.Where(sum => sum.Reason == "baseline").Sum(sum => sum.Amount);
    }

    [Fact]
    public async Task After_a_restart_the_number_of_series_is_that_of_series_and_not_of_counters()
    {
        using var store = Store.InMemory();
        var state = store.Read();
        _poller = new(_http, new PollingOptions { Url = _server.Address }, new TelemetryOptions(), new PollingMetrics(new()), state, _time, _log);

        // A label of the target has changed: one counter goes on as another series.
        _server.Answer = async context =>
        {
            var query = await QueryAsync(context);
            var series = new[] { 1, 2 }.Select(version => $$$"""
                {"metric":{"__name__":"istio_requests_total","job":"envoy","version":"{{{version}}}","reporter":"source","source_workload":"a",
                "destination_service_name":"PassthroughCluster","destination_service":"example.com"},"values":[[{{{Noon.ToUnixTimeSeconds() - 5}}},"5"]]}
                """);
            await context.Response.WriteAsync(query.StartsWith("istio_requests_total", StringComparison.Ordinal)
                ? Nothing.Replace("[]", $"[{string.Join(',', series)}]", StringComparison.Ordinal)
                : Whole(query, 5).Replace("\"instance\"", "\"version\":\"2\",\"instance\"", StringComparison.Ordinal));
        };
        Assert.NotNull(await ReadAsync(0));
        Assert.True(state.Commit());
        var metrics = new MetricRegistry();
        _ = new Poller(_http, new PollingOptions { Url = _server.Address }, new TelemetryOptions(), new PollingMetrics(metrics), store.Read(), _time, _log);
        Assert.Equal(2, metrics.Sum("egress_alerts_raw_series"));
    }

    private async Task FailsAsync(string reason, string message, int failedBefore = 0)
    {
        Assert.Null(await ReadAsync(1));
        Assert.Null(await ReadAsync(1));
        Assert.Contains(message, _poller.Failure, StringComparison.Ordinal);
        var told = Assert.Single(_log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal));
        Assert.Contains(message, told, StringComparison.Ordinal);
        Assert.Equal(2 + failedBefore, _self.Sum("egress_alerts_query_failures_total", reason));

        _server.Answer = Good(8);
        var reading = await ReadAsync(1);
        Assert.Equal(3, Assert.Single(reading!.Increments).Amount);
        Assert.Equal("", _poller.Failure);
        Assert.Contains("Information: Prometheus answers again", _log.Entries);
    }

    private Task<Reading?> ReadAsync(int number) =>
        _poller.TryReadAsync(new Window(Noon.AddSeconds(30 * (number - 1)), Noon.AddSeconds(30 * number)), CancellationToken.None);

    /// <summary>A mesh with one series that has reached <paramref name="value"/>.</summary>
    private static RequestDelegate Good(int value) => async context => await context.Response.WriteAsync(Whole(await QueryAsync(context), value));

    private static string Whole(string query, int value) =>
        query.StartsWith("group by (job)", StringComparison.Ordinal) ? Jobs
        : query.StartsWith("last_over_time(up", StringComparison.Ordinal) ? Up
        : query.StartsWith("istio_requests_total", StringComparison.Ordinal) ? Matrix(value)
        : Nothing;

    /// <summary>The same, and every answer has these warnings.</summary>
    private static RequestDelegate Noted(int value, params string[] notes) => async context =>
    {
        var answer = Whole(await QueryAsync(context), value);
        await context.Response.WriteAsync(answer.TrimEnd()[..^1] + $",\"warnings\":{JsonSerializer.Serialize(notes)}}}");
    };

    private static IEnumerable<string[]> Lines(string file) =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Polling", "testdata", file))
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(" <= "));

    private static string Success(string more) => $$$"""200 {"status":"success","data":{"resultType":"matrix","result":[]},{{{more}}}}""";

    private static RequestDelegate OnMetric(string metric, RequestDelegate answer) => async context =>
    {
        if ((await QueryAsync(context)).StartsWith(metric, StringComparison.Ordinal)) await answer(context);
        else await Good(8)(context);
    };

    private static RequestDelegate Text(int status, string text) => context =>
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    };

    private static string Matrix(int value) => $$"""
        {"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"istio_requests_total","job":"envoy","reporter":"source","source_workload":"a",
        "destination_service_name":"PassthroughCluster","destination_service":"example.com"},
        "values":[[{{Noon.ToUnixTimeSeconds() + value - 10}},"{{value}}"]]}]} }
        """;

    private static async Task<string> QueryAsync(HttpContext context) =>
        (context.Request.Method == "GET" ? context.Request.Query["query"].ToString() : (await context.Request.ReadFormAsync())["query"].ToString());
}
