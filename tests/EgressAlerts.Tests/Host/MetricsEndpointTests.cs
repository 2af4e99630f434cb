using EgressAlerts.Cardinality;
using EgressAlerts.Common;
using EgressAlerts.Export;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.AspNetCore.Http;

namespace EgressAlerts.Tests.Host;

public sealed class MetricsEndpointTests
{
    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    private const string Text = "text/plain; version=0.0.4; charset=utf-8";
    private const string Prometheus242 =
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    private readonly Exposition _exposition = new(new MetricRegistry(), TimeProvider.System);

    [Theory]
    [InlineData(null, Text)]
    [InlineData("", Text)]
    [InlineData("*/*", Text)]
    [InlineData("text/html,*/*;q=0.8", Text)]
    [InlineData("text/plain;version=0.0.4;q=1,*/*;q=0.1", Text)]
    [InlineData(Prometheus242, OpenMetrics)]
    [InlineData(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        OpenMetrics)]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", Text)]
    [InlineData("application/openmetrics-text", OpenMetrics)]
    [InlineData("application/openmetrics-text;version=2.0.0", Text)]
    [InlineData("application/openmetrics-text;q=0", Text)]
    [InlineData("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", Text)]
    [InlineData("nonsense;;;", Text)]
    public async Task The_asker_gets_the_format_it_likes_best(string? accept, string expected)
    {
        var context = Context(accept);
        await new MetricsEndpoint(_exposition).AnswerAsync(context);
        Assert.Equal(
            (200, expected, "Accept, Accept-Encoding"),
            (context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.Vary.ToString()));
        Assert.Equal(context.Response.ContentLength, context.Response.Body.Length);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("identity", false)]
    [InlineData("deflate, br", false)]
    [InlineData("gzip", true)]
    [InlineData("br;q=1.0, GZIP;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    public async Task It_is_compressed_for_who_can_read_that(string? encoding, bool isCompressed)
    {
        var context = Context(accept: null);
        context.Request.Headers.AcceptEncoding = encoding;
        await new MetricsEndpoint(_exposition).AnswerAsync(context);
        Assert.Equal(isCompressed ? "gzip" : "", context.Response.Headers.ContentEncoding.ToString());
    }

    [Fact]
    public async Task A_HEAD_has_the_headers_and_no_body_and_counts_as_no_scrape()
    {
        var endpoint = new MetricsEndpoint(_exposition);
        _exposition.Publish(Window(1), Samples.Ledger);
        await endpoint.AnswerAsync(Context(Prometheus242));
        _exposition.Publish(Window(2), Samples.Ledger);
        Assert.False(_exposition.MayShowNew);

        var context = Context(Prometheus242);
        context.Request.Method = "HEAD";
        await endpoint.AnswerAsync(context);
        Assert.True(context.Response.ContentLength > 0);
        Assert.Equal(0, context.Response.Body.Length);
        Assert.False(_exposition.MayShowNew);

        await endpoint.AnswerAsync(Context(Prometheus242));
        Assert.True(_exposition.MayShowNew);
    }

    [Fact]
    public async Task Ten_scrapes_are_answered_at_a_time_and_one_more_is_told_to_come_later()
    {
        var endpoint = new MetricsEndpoint(_exposition);
        var slow = new SlowBody();
        var scrapes = Enumerable.Range(0, MetricsEndpoint.MaxScrapes).Select(_ =>
        {
            var context = Context(accept: null);
            context.Response.Body = slow;
            return endpoint.AnswerAsync(context);
        }).ToList();
        Assert.All(scrapes, scrape => Assert.False(scrape.IsCompleted));

        var refused = Context(accept: null);
        await endpoint.AnswerAsync(refused);
        Assert.Equal(503, refused.Response.StatusCode);

        slow.Go.SetResult();
        await Task.WhenAll(scrapes);
        var next = Context(accept: null);
        await endpoint.AnswerAsync(next);
        Assert.Equal(200, next.Response.StatusCode);
    }

    private static CounterSnapshot Window(int number) =>
        new SeriesBudget(new CardinalityOptions(), Store.InMemory().Read()).Admit(Samples.Named(number), [], showNew: true);

    private static DefaultHttpContext Context(string? accept)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Request.Headers.Accept = accept;
        context.Response.Body = new MemoryStream();
        return context;
    }

    /// <summary>A scraper that does not read yet.</summary>
    private sealed class SlowBody : MemoryStream
    {
        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await Go.Task.WaitAsync(cancellationToken);
    }
}
