using EgressAlerts.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace EgressAlerts.Tests.Host;

public sealed class LogfmtFormatterTests
{
    [Fact]
    public void A_line_has_its_time_level_component_and_message_and_nothing_in_it_can_begin_another()
    {
        var lines = new ListSink();
        using var logger = new LoggerConfiguration().WriteTo.Sink(lines).CreateLogger();
        logger.ForContext(Constants.SourceContextPropertyName, "EgressAlerts.Polling.Poller")
            .Error("host={Host} confirmed={Confirmed} amount={Amount}", "a\"b\\c\nlevel=info\u0007", true, 1.5);
        Assert.Matches(
            """^ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=error component=poller msg="host=a\\"b\\\\c\\nlevel=info  ?confirmed=true amount=1\.5"\n$""",
            Assert.Single(lines.Lines));
    }

    private sealed class ListSink : ILogEventSink
    {
        public List<string> Lines { get; } = [];

        public void Emit(LogEvent logEvent)
        {
            using var text = new StringWriter();
            new LogfmtFormatter().Format(logEvent, text);
            Lines.Add(text.ToString());
        }
    }
}
