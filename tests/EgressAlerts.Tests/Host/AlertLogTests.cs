using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Logging;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;

namespace EgressAlerts.Tests.Host;

/// <summary>Each alert that fires or resolves is one line, here of JSON.</summary>
public sealed class AlertLogTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ListSink _lines = new(new JsonLineFormatter());
    private readonly Logger _logger;
    private readonly ILoggerFactory _loggers;
    private readonly AlertLog _log;

    public AlertLogTests()
    {
        _logger = new LoggerConfiguration().MinimumLevel.Verbose().WriteTo.Sink(_lines).CreateLogger();
        _loggers = LoggerFactory.Create(logging => logging.AddSerilog(_logger));
        _log = new AlertLog(_loggers.CreateLogger("EgressAlerts.Alerts"));
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _logger.Dispose();
    }

    [Fact]
    public void An_alert_is_told_when_it_fires_and_when_it_resolves_and_never_in_between_or_again_after_a_restart()
    {
        _log.Begin([Alert("old")]);
        _log.Write([Alert("old"), Alert("new")]);
        using var line = JsonDocument.Parse(Assert.Single(_lines.Lines));
        var fields = line.RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.ToString());
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", fields["ts"]);
        fields.Remove("ts");
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["level"] = "info",
                ["component"] = "alerts",
                ["msg"] = "alert firing: EgressBlocked: shop/cart was blocked from new",
                ["state"] = "firing",
                ["alertname"] = "EgressBlocked",
                ["summary"] = "shop/cart was blocked from new",
                ["severity"] = "critical",
                ["cluster"] = "",
                ["namespace"] = "shop",
                ["workload"] = "cart",
                ["destination"] = "new",
                ["fingerprint"] = "new",
            },
            fields);

        _log.Write([Alert("old"), Alert("new")]);
        _log.Write([Alert("old"), Alert("new", resolved: true)]);
        _log.Write([Alert("old"), Alert("new", resolved: true)]);
        Assert.Equal(2, _lines.Lines.Count);
        Assert.Contains("\"msg\":\"alert resolved: EgressBlocked: shop/cart was blocked from new\"", _lines.Lines[1], StringComparison.Ordinal);

        // It fires anew.
        _log.Write([Alert("old"), Alert("new") with { StartsAt = Noon.AddHours(1) }]);
        Assert.Contains("alert firing", _lines.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_is_told_in_a_hundred_lines_and_a_number()
    {
        _log.Write([.. Enumerable.Range(0, 130).Select(i => Alert($"host{i}"))]);
        Assert.Equal(AlertLog.MaxLines + 1, _lines.Lines.Count);
        Assert.Contains("\"msg\":\"30 more alerts fire or have resolved in this window", _lines.Lines[^1], StringComparison.Ordinal);
        Assert.Contains("\"more\":30", _lines.Lines[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\"b\\c\n\u202egpj.exe\u2028", "a\"b\\c\n\u202egpj.exe\u2028")]
    [InlineData("", "")]
    public void Nothing_in_a_value_can_end_its_line(string value, string read)
    {
        _logger.Information("host {Host}, {Share}, {IsGood}, {At}", value, 0.5, true, Noon);
        var text = Assert.Single(_lines.Lines);
        Assert.Equal(text.Length - 1, text.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain('\u202e', text);
        using var line = JsonDocument.Parse(text);
        Assert.Equal(read, line.RootElement.GetProperty("host").GetString());
        Assert.Equal(0.5, line.RootElement.GetProperty("share").GetDouble());
        Assert.True(line.RootElement.GetProperty("is_good").GetBoolean());
        Assert.Equal("2026-01-01T12:00:00.000Z", line.RootElement.GetProperty("at").GetString());
    }

    private static Alert Alert(string destination, bool resolved = false) => new(
        destination,
        new SortedDictionary<string, string>
        {
            ["alertname"] = "EgressBlocked",
            ["severity"] = "critical",
            ["source_workload_namespace"] = "shop",
            ["source_workload"] = "cart",
            ["destination"] = destination,
        },
        new SortedDictionary<string, string> { ["summary"] = $"shop/cart was blocked from {destination}" },
        Noon,
        resolved ? Noon.AddMinutes(5) : null,
        "");
}
