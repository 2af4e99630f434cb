using EgressAlerts.Logging;
using EgressAlerts.Model;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;

namespace EgressAlerts.Tests.Host;

public sealed class LogfmtFormatterTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, 7, TimeSpan.FromHours(5.5));

    private readonly ListSink _lines = new(new LogfmtFormatter());
    private readonly Logger _logger;

    public LogfmtFormatterTests() => _logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(_lines).CreateLogger();

    public void Dispose() => _logger.Dispose();

    [Fact]
    public void A_line_has_its_time_level_component_and_sentence_and_then_the_sentences_parts_as_fields()
    {
        _logger.ForContext(Constants.SourceContextPropertyName, "EgressAlerts.Polling.Poller")
            .Error("going on from {File}, up to {WindowEnd}, {MaxCatchUp} at most, {Done}", "data/egress-alerts.db", Noon, 1.5, true);
        Assert.Matches(@"^ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=error component=poller msg=", Line);
        Assert.EndsWith(
            "msg=\"going on from data/egress-alerts.db, up to 2026-01-01T06:30:00.007Z, 1.5 at most, true\" "
            + "file=data/egress-alerts.db window_end=2026-01-01T06:30:00.007Z max_catch_up=1.5 done=true\n",
            Line,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", "\"a b\"")]
    [InlineData("", "\"\"")]
    [InlineData("a=b", "\"a=b\"")]
    [InlineData("a\"b\\c\nlevel=info\r\t\u0007", """
        "a\"b\\c\nlevel=info\r\t\u0007"
        """)]
    [InlineData("\u202egpj.exe\u2028x", """
        "\u202egpj.exe\u2028x"
        """)]
    public void Nothing_in_a_value_can_begin_a_field_or_a_line(string value, string field)
    {
        _logger.Information("host {Host}", value);
        Assert.EndsWith($" host={field}\n", Line, StringComparison.Ordinal);
        Assert.Equal(Line.Length - 1, Line.IndexOf('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void A_long_text_is_cut_and_its_length_is_told()
    {
        _logger.Information("host {Host}", new string('x', 100_000));
        Assert.EndsWith("xxx... (100000 characters)\"\n", Line, StringComparison.Ordinal);
        Assert.True(Line.Length < 9_000);
    }

    [Fact]
    public void An_access_line_has_a_field_for_each_fact()
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddSerilog(_logger));
        var flow = Samples.Flow("185.199.72.11", route: Route.Blocked, source: new("batch", "report"), port: "4444");
        var destination = new Destination("vps 99", NameSource.PtrUnconfirmed, Confirmed: false);
        new AccessLog(loggers.CreateLogger("EgressAlerts.Access")).Write(Samples.NamedAs(
            1, new(Samples.Increment(flow, 2), destination), new(Samples.Increment(flow, 300, Metric.UploadBytes), destination)));
        Assert.EndsWith(
            " level=warn component=access msg=\"egress access\" namespace=batch workload=report destination=\"vps 99\" address=185.199.72.11 port=4444 "
            + "name_source=ptr_unconfirmed confirmed=false route=blocked "
            + "requests=0 connections_opened=0 connections_closed=2 upload_bytes=300 download_bytes=0\n",
            Line,
            StringComparison.Ordinal);
    }

    private string Line => Assert.Single(_lines.Lines);
}
