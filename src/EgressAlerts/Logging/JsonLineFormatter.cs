using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Serilog.Events;
using Serilog.Formatting;

namespace EgressAlerts.Logging;

/// <summary>Writes a line of JSON with the names of <see cref="LogfmtFormatter"/>: <c>{"ts":"...","level":"info","component":"poller","msg":"...",...}</c>.
/// Numbers and truth values are such, everything else is a text.</summary>
internal sealed class JsonLineFormatter : ITextFormatter
{
    /// <summary>What is not ASCII is escaped, so that no terminal changes the order in which it shows a line.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.BasicLatin) };

    public void Format(LogEvent logEvent, TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("ts", LogLine.Instant(logEvent.Timestamp));
            json.WriteString("level", LogLine.Level(logEvent));
            if (LogLine.Component(logEvent) is { Length: > 0 } component) json.WriteString("component", component);
            json.WriteString("msg", LogLine.Cut(LogLine.Message(logEvent), LogLine.MaxText));
            foreach (var (name, value) in LogLine.Fields(logEvent)) Write(json, name, value);
            if (logEvent.Exception is { } error) json.WriteString("error", LogLine.Cut(error.ToString(), LogLine.MaxStack));
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void Write(Utf8JsonWriter json, string name, LogEventPropertyValue value)
    {
        switch (value)
        {
            case ScalarValue { Value: bool flag }: json.WriteBoolean(name, flag); break;
            case ScalarValue { Value: byte or short or int or long or uint or ulong or decimal } number:
                json.WriteNumber(name, Convert.ToDecimal(number.Value, CultureInfo.InvariantCulture)); break;
            case ScalarValue { Value: double number } when double.IsFinite(number): json.WriteNumber(name, number); break;
            default: json.WriteString(name, LogLine.Cut(LogLine.Text(value), LogLine.MaxText)); break;
        }
    }
}
