using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace EgressAlerts.Tests.Host;

/// <summary>Keeps the lines of a log as a formatter writes them.</summary>
internal sealed class ListSink(ITextFormatter formatter) : ILogEventSink
{
    public List<string> Lines { get; } = [];

    public void Emit(LogEvent logEvent)
    {
        using var text = new StringWriter();
        formatter.Format(logEvent, text);
        Lines.Add(text.ToString());
    }
}
