using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace EgressAlerts.Logging;

/// <summary>Sets logging up: to the console, as lines or as JSON.</summary>
internal static class Logs
{
    public static Logger Create(string level, string format)
    {
        var least = level switch
        {
            "debug" => LogEventLevel.Debug,
            "warn" => LogEventLevel.Warning,
            "error" => LogEventLevel.Error,
            _ => LogEventLevel.Information,
        };
        return new LoggerConfiguration()
            .MinimumLevel.Is(least)
            // The framework speaks only of trouble, and our own log says what clients did.
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            // A start that fails is told in one line by the command, not by the stack of the host.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LevelAlias.Off)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .MinimumLevel.Override("Polly", LogEventLevel.Error)
            .WriteTo.Console(format == "json" ? new JsonLineFormatter() : new LogfmtFormatter())
            .CreateLogger();
    }

    /// <summary>Loggers of the framework that write to the same place. Which levels are written is decided there.</summary>
    public static ILoggerFactory Factory(Logger output) => LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddSerilog(output));
}
