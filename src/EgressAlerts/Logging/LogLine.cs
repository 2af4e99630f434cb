using System.Globalization;
using Serilog.Events;
using Serilog.Parsing;

namespace EgressAlerts.Logging;

/// <summary>What a line of the log has, whatever its format: the names are those of Prometheus' own log, <c>ts</c>, <c>level</c>, <c>component</c> and
/// <c>msg</c>, and behind them the parts of the sentence under stable names.</summary>
internal static class LogLine
{
    /// <summary>The most characters of a text.</summary>
    public const int MaxText = 4_096;

    /// <summary>The most characters of an error with its stack.</summary>
    public const int MaxStack = 16_384;

    private static readonly string[] NoFields = ["SourceContext", "EventId", "Scope"];

    /// <summary>In UTC with milliseconds: <c>2026-01-01T06:30:00.007Z</c>.</summary>
    public static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary><c>debug</c>, <c>info</c>, <c>warn</c> or <c>error</c>.</summary>
    public static string Level(LogEvent line) => line.Level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        _ => "error",
    };

    /// <summary>The part of the program that speaks, such as <c>poller</c>; empty where that is not known.</summary>
    public static string Component(LogEvent line) =>
        line.Properties.TryGetValue("SourceContext", out var context) && context is ScalarValue { Value: string name }
            ? name[(name.LastIndexOf('.') + 1)..].ToLowerInvariant()
            : "";

    /// <summary>The sentence.</summary>
    public static string Message(LogEvent line) => string.Concat(line.MessageTemplate.Tokens.Select(token =>
        token is PropertyToken property && line.Properties.TryGetValue(property.PropertyName, out var value) ? Text(value) : token.ToString() ?? ""));

    /// <summary>The parts of the sentence: <c>MaxCatchUp</c> is called <c>max_catch_up</c>.</summary>
    public static IEnumerable<(string Name, LogEventPropertyValue Value)> Fields(LogEvent line) =>
        line.Properties.Where(property => !NoFields.Contains(property.Key)).Select(property => (FieldName(property.Key), property.Value));

    /// <summary>Texts as they are, without the quotes that Serilog puts around them.</summary>
    public static string Text(LogEventPropertyValue value) => value switch
    {
        ScalarValue { Value: null } => "",
        ScalarValue { Value: string text } => text,
        ScalarValue { Value: bool flag } => flag ? "true" : "false",
        ScalarValue { Value: DateTimeOffset at } => Instant(at),
        _ => value.ToString(null, CultureInfo.InvariantCulture),
    };

    /// <summary>A text, cut where it is longer than it may be. What is cut says how long it was.</summary>
    public static string Cut(string text, int most) => text.Length > most ? $"{text.AsSpan(0, most)}... ({text.Length} characters)" : text;

    private static string FieldName(string property) => string.Concat(property.Select((c, i) =>
        !char.IsAsciiLetterOrDigit(c) ? "_" : char.IsAsciiLetterUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
