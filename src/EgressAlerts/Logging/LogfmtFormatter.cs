using System.Globalization;
using EgressAlerts.Common;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Parsing;

namespace EgressAlerts.Logging;

/// <summary>Writes a line for people and for queries: <c>ts=... level=info component=poller msg="..." file=a.yml window_end=...</c>.
/// The sentence in <c>msg</c> is for people. The fields behind it hold its parts under stable names, for <c>grep</c> and for Loki's <c>| logfmt</c>.</summary>
internal sealed class LogfmtFormatter : ITextFormatter
{
    private const int MaxValue = 4_096;
    private const int MaxStack = 16_384;
    private static readonly string[] NoFields = ["SourceContext", "EventId", "Scope"];

    public void Format(LogEvent logEvent, TextWriter output)
    {
        output.Write($"ts={Instant(logEvent.Timestamp)} level={Level(logEvent.Level)}");
        if (logEvent.Properties.TryGetValue("SourceContext", out var context) && context is ScalarValue { Value: string name })
            output.Write($" component={name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant()}");
        output.Write(" msg=");
        Quoted(Message(logEvent), MaxValue, output);
        foreach (var (property, value) in logEvent.Properties.Where(property => !NoFields.Contains(property.Key)))
        {
            output.Write($" {FieldName(property)}=");
            if (Text(value) is var text && IsPlain(text)) output.Write(text);
            else Quoted(text, MaxValue, output);
        }

        if (logEvent.Exception is { } error)
        {
            output.Write(" error=");
            Quoted(error.ToString(), MaxStack, output);
        }

        output.WriteLine();
    }

    private static string Message(LogEvent logEvent) => string.Concat(logEvent.MessageTemplate.Tokens.Select(token =>
        token is PropertyToken property && logEvent.Properties.TryGetValue(property.PropertyName, out var value) ? Text(value) : token.ToString() ?? ""));

    /// <summary>Texts as they are, without the quotes that Serilog puts around them.</summary>
    private static string Text(LogEventPropertyValue value) => value switch
    {
        ScalarValue { Value: null } => "",
        ScalarValue { Value: string text } => text,
        ScalarValue { Value: bool flag } => flag ? "true" : "false",
        ScalarValue { Value: DateTimeOffset at } => Instant(at),
        _ => value.ToString(null, CultureInfo.InvariantCulture),
    };

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>MaxCatchUp</c> becomes <c>max_catch_up</c>.</summary>
    private static string FieldName(string property) => string.Concat(property.Select((c, i) =>
        !char.IsAsciiLetterOrDigit(c) ? "_" : char.IsAsciiLetterUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static bool IsPlain(string text) => text.Length is > 0 and <= MaxValue && text.All(c => c is > ' ' and < '\u007f' and not ('"' or '\\' or '='));

    /// <summary>Nothing in a text can end its quotes, begin a line, or change the order in which a terminal shows it.</summary>
    private static void Quoted(string text, int most, TextWriter output)
    {
        output.Write('"');
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, most)))
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

        output.Write(text.Length > most ? $"... ({text.Length} characters)\"" : "\"");
    }

    private static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        _ => "error",
    };
}
