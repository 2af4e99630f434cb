using EgressAlerts.Common;
using Serilog.Events;
using Serilog.Formatting;

namespace EgressAlerts.Logging;

/// <summary>Writes a line for people and for queries: <c>ts=... level=info component=poller msg="..." file=a.yml window_end=...</c>.
/// The sentence in <c>msg</c> is for people. The fields behind it hold its parts under stable names, for <c>grep</c> and for Loki's <c>| logfmt</c>.</summary>
internal sealed class LogfmtFormatter : ITextFormatter
{
    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write($"ts={LogLine.Instant(logEvent.Timestamp)} level={LogLine.Level(logEvent)}");
        if (LogLine.Component(logEvent) is { Length: > 0 } component) output.Write($" component={component}");
        output.Write(" msg=");
        Quoted(LogLine.Message(logEvent), LogLine.MaxText, output);
        foreach (var (name, value) in LogLine.Fields(logEvent))
        {
            output.Write($" {name}=");
            if (LogLine.Text(value) is var text && IsPlain(text)) output.Write(text);
            else Quoted(text, LogLine.MaxText, output);
        }

        if (logEvent.Exception is { } error)
        {
            output.Write(" error=");
            Quoted(error.ToString(), LogLine.MaxStack, output);
        }

        output.WriteLine();
    }

    private static bool IsPlain(string text) =>
        text.Length is > 0 and <= LogLine.MaxText && text.All(c => c is > ' ' and < '\u007f' and not ('"' or '\\' or '='));

    /// <summary>Nothing in a text can end its quotes, begin a line, or change the order in which a terminal shows it.</summary>
    private static void Quoted(string text, int most, TextWriter output)
    {
        output.Write('"');
        foreach (var c in LogLine.Cut(text, most))
        {
            output.Write(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when QuotedText.IsInvisible(c) => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        output.Write('"');
    }
}
