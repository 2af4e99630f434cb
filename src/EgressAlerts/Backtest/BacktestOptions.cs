namespace EgressAlerts.Backtest;

/// <summary>What the command line says about a backtest.</summary>
/// <param name="ConfigFile">Null where the defaults are played.</param>
/// <param name="Since">How far back it begins.</param>
/// <param name="Against">Another configuration to play over the same readings, or null.</param>
/// <param name="SaveState">The folder that gets a database for <c>serve</c> to go on with, or null.</param>
/// <param name="FailOn">The mildest severity whose alerts make the exit code 1, or null.</param>
/// <param name="Input">A file of OpenMetrics text in place of the server, or null.</param>
internal sealed record BacktestOptions(
    string? ConfigFile, TimeSpan Since, string? Against, string? SaveState, string StoragePath, bool IsJson, string? FailOn, string? Input);
