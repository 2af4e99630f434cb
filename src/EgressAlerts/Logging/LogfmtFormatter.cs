using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace EgressAlerts.Logging;

/// <summary>Lines for people and for grep: <c>ts=... level=info component=Poller msg="..."</c>.</summary>
internal sealed class LogfmtFormatter : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write("ts=");
        output.Write(logEvent.Timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        output.Write(" level=");
        output.Write(Level(logEvent.Level));
        if (logEvent.Properties.TryGetValue("SourceContext", out var context) && context is ScalarValue { Value: string name })
        {
            output.Write(" component=");
            output.Write(name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant());
        }

        output.Write(" msg=");
        Quoted(Message(logEvent), output);
        if (logEvent.Exception is { } error)
        {
            output.Write(" error=");
            Quoted(error.ToString(), output);
        }

        output.WriteLine();
    }

    /// <summary>Texts go in as they are, without the quotes that Serilog puts around them.</summary>
    private static string Message(LogEvent logEvent) => string.Concat(logEvent.MessageTemplate.Tokens.Select(token => token switch
    {
        PropertyToken property when logEvent.Properties.TryGetValue(property.PropertyName, out var value) =>
            value switch
            {
                ScalarValue { Value: string text } => text,
                ScalarValue { Value: bool flag } => flag ? "true" : "false",
                _ => value.ToString(null, CultureInfo.InvariantCulture),
            },
        _ => token.ToString() ?? "",
    }));

    private static void Quoted(string text, TextWriter output)
    {
        output.Write('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\') output.Write('\\');
            output.Write(c switch { '\n' => "\\n", '\r' => "\\r", _ when char.IsControl(c) => " ", _ => c.ToString() });
        }

        output.Write('"');
    }

    private static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        _ => "error",
    };
}
