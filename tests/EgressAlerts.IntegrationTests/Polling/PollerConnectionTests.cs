using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.IntegrationTests.Polling;

/// <summary>What happens to the connection instead of an answer: each is told, nothing is lost, and the window is read when it can be.</summary>
public sealed class PollerConnectionTests : PollerOverHttp
{
    [Fact]
    public async Task An_answer_that_the_server_cut_off_is_no_answer()
    {
        Server.Answer = Noted(8, "results truncated due to limit"); // Prometheus 3.2 and later, asked with a limit.
        await FailsAsync("limit", "remove 'limit' from prometheus.url");
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
        Server.Answer = context =>
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
        Server.Answer = context =>
        {
            asked.Add(TimeProvider.System.GetTimestamp());
            if (asked.Count > 1) return Good(9)(context);
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        Assert.Equal(4, Assert.Single((await ReadAsync(1))!.Increments).Amount);
        Assert.InRange(TimeProvider.System.GetElapsedTime(asked[0], asked[1]).TotalSeconds, 0.99, 10);
        Assert.Equal(0, Self.Sum("egress_alerts_query_failures_total", "busy"));
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
        var url = scheme == "https" ? new UriBuilder(Server.Address) { Scheme = "https" }.Uri : new Uri($"http://{tls.LocalEndpoint}");
        var options = new PollingOptions { Url = url, Timeout = TimeSpan.FromSeconds(2), Read = ReadMode.All };
        var poller = new Poller(Http, options, new TelemetryOptions(), new PollingMetrics(Self), Store.InMemory().Read(), Time, Log);
        Assert.Null(await poller.TryReadAsync(new Window(Noon, Noon.AddSeconds(30)), CancellationToken.None));
        Assert.StartsWith("connection: ", poller.Failure, StringComparison.Ordinal);
        Assert.Contains(message, poller.Failure, StringComparison.Ordinal);
        tls.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => alerts);
    }

    [Fact]
    public async Task An_answer_of_2_GB_is_given_up_at_the_bound()
    {
        Server.Answer = OnMetric("istio_requests_total", async context =>
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
        Server.Answer = OnMetric("istio_requests_total", async context =>
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
        Server.Answer = LoopbackServer.NeverAnswerAsync;
        await FailsAsync("timeout", "no complete answer within prometheus.timeout (2 s)");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_tried_again_at_once_and_nothing_counts_twice()
    {
        var broken = 0;
        var good = Good(9);
        Server.Answer = async context =>
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
        await Server.DisposeAsync();
        Assert.Null(await ReadAsync(1));
        Assert.Contains($"connection: {Server.Address}prefix: Connection refused", Poller.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_file_that_cannot_be_read_fails_the_query_until_it_can_be()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("token");
        using var http = HttpClients.Create(new HttpSettings { CredentialsFile = file }, NullLogger.Instance);
        var options = new PollingOptions { Url = Server.Address, Read = ReadMode.All };
        Poller = new Poller(http, options, new TelemetryOptions(), new PollingMetrics(Self), Store.InMemory().Read(), TimeProvider.System, Log);
        Assert.Null(await ReadAsync(0));
        Assert.Null(await ReadAsync(0));
        Assert.Equal($"credentials: authorization.credentials_file cannot be read: Could not find file '{file}'.", Poller.Failure);
        Assert.Contains(Poller.Failure, Assert.Single(Log.Entries, entry => entry.StartsWith("Error", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(2, Self.Sum("egress_alerts_query_failures_total", "credentials"));
        folder.Write("token", "s3cret\n");
        Assert.True(await ReadAsync(0) is { } first && Poller.BaselineEnd == first.Window.End);
        Assert.Equal("", Poller.Failure);
    }

    /// <summary>It would be empty, and nothing in it would ever be read.</summary>
}
