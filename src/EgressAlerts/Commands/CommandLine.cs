using System.CommandLine;
using System.Runtime.InteropServices;
using EgressAlerts.Backtest;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Doctor;
using EgressAlerts.Logging;
using EgressAlerts.Polling;
using EgressAlerts.Proposals;
using EgressAlerts.Replays;
using EgressAlerts.Storage;
using EgressAlerts.Web;

namespace EgressAlerts;

/// <summary>The command line: <c>serve</c> (also without a word), <c>check-config</c>, <c>doctor</c>, <c>propose</c>, <c>replay</c>, <c>backtest</c>,
/// <c>explain</c>, <c>allow</c>, <c>rules</c>, <c>backup</c>, <c>version</c>.
/// Exit codes: 0 good, 1 failed or found something, 2 wrong usage.</summary>
internal static class CommandLine
{
    private const int Good = 0;
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private static readonly TimeSpan MaxSince = TimeSpan.FromDays(400);

    /// <summary>SIGXFSZ on Linux and macOS: a file has grown to the limit that <c>ulimit -f</c> sets.</summary>
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    private static readonly Option<string?> ConfigFile = new("--config.file")
    {
        Description = "The configuration; without it documented defaults apply.",
    };

    private static readonly Option<string> ListenOption = new("--web.listen-address")
    {
        Description = $"Where to serve metrics and pages: {ListenAddress.Expected}.",
        DefaultValueFactory = _ => "0.0.0.0:10098",
    };

    private static readonly Option<bool> SystemdSocket = new("--web.systemd-socket")
    {
        Description = "Serve on the sockets that systemd hands over, in place of --web.listen-address.",
    };

    private static readonly Option<string?> WebConfigFile = new("--web.config.file")
    {
        Description = "A file with TLS and passwords of the web server, in the format of Prometheus' exporter toolkit.",
    };

    private static readonly Option<string> RoutePrefixOption = new("--web.route-prefix")
    {
        Description = "What the paths of all pages and endpoints begin with, such as /egress, where a reverse proxy hands that on.",
        DefaultValueFactory = _ => "/",
    };

    private static readonly Option<string> StoragePath = new("--storage.path")
    {
        Description = "The folder of the database.",
        DefaultValueFactory = _ => "data/",
    };

    private static readonly Option<string> ShardOption = new("--shard")
    {
        Description = "Which part of the namespaces is watched: 2/8 is the second of eight, and ordinal/8 takes the number from the host's name.",
        DefaultValueFactory = _ => "1/1",
    };

    private static readonly Option<bool> EnableLifecycle = new("--web.enable-lifecycle") { Description = "Allow POST /-/reload." };
    private static readonly Option<string> LogLevel = new("--log.level")
    {
        Description = "debug, info, warn or error.",
        DefaultValueFactory = _ => "info",
    };

    private static readonly Option<string> LogFormat = new("--log.format") { Description = "logfmt or json.", DefaultValueFactory = _ => "logfmt" };

    private static readonly Option<string> Since = new("--since")
    {
        Description = "How far back it begins, such as 21d, 12h or 1w.",
        DefaultValueFactory = _ => "21d",
    };

    private static readonly Option<string?> Against = new("--against")
    {
        Description = "Another configuration to play over the same samples, and to compare with.",
    };

    private static readonly Option<string?> SaveState = new("--save-state")
    {
        Description = "A folder that gets a database for 'serve --storage.path' to go on with: habits, baselines and counters as of the end.",
    };

    private static readonly Option<string> NamesFrom = new("--storage.path")
    {
        Description = "Where a database may be whose DNS answers are used. It is not changed.",
        DefaultValueFactory = _ => "data/",
    };

    private static readonly Option<string> AlertsFrom = new("--storage.path")
    {
        Description = "Where the database is that has the alert. It is not changed.",
        DefaultValueFactory = _ => "data/",
    };

    private static readonly Option<string> Output = new("--output", "-o") { Description = "text or json.", DefaultValueFactory = _ => "text" };
    private static readonly Option<string?> FailOn = new("--fail-on")
    {
        Description = "critical or warning: exit with 1 if an alert of this severity or above began.",
    };

    private static readonly Option<string?> Input = new("--input")
    {
        Description = "A file of OpenMetrics text with timestamps to read in place of the server. The backtest ends with its last sample.",
    };

    public static async Task<int> RunAsync(string[] args)
    {
        LogLevel.AcceptOnlyFromAmong("debug", "info", "warn", "error");
        LogFormat.AcceptOnlyFromAmong("logfmt", "json");
        Output.AcceptOnlyFromAmong("text", "json");
        FailOn.AcceptOnlyFromAmong("critical", "warning");
        var file = new Argument<string>("FILE") { Description = "The configuration to check." };
        var serve = new Command("serve", "Watch Prometheus, serve metrics, send alerts (the default).");
        var check = new Command("check-config", "Check a configuration and exit.") { file };
        check.Options.Add(WebConfigFile);
        var copy = new Argument<string>("FILE") { Description = "The copy to write. An existing file is replaced." };
        var backup = new Command("backup", "Write a copy of the database, also while the service runs, and exit.") { copy };
        backup.Options.Add(StoragePath);
        var backtest = new Command(
            "backtest",
            "Say what a configuration would have alerted on, from the samples that Prometheus has. Nothing is sent or stored. Exits with 0; with 1 if it "
            + "fails, or if --fail-on is given and such an alert began; with 2 on wrong usage.");
        foreach (var option in (Option[])[ConfigFile, Since, Against, SaveState, NamesFrom, Output, FailOn, Input]) backtest.Options.Add(option);
        var version = new Command("version", "Print the version and exit.");
        var root = new RootCommand("EgressAlerts: who in the mesh talks to what outside, named, bounded, alerted on.")
        {
            serve, check, DoctorCommand.Make(ConfigFile, Output, WrongUsage), ProposeCommand.Make(ConfigFile, WrongUsage),
            ReplayCommand.Make(ConfigFile, Output, WrongUsage), backtest, ExplainCommand.Make(ConfigFile, Output, WrongUsage),
            AllowCommand.Make(ConfigFile, AlertsFrom, WrongUsage), RulesCommand.Make(WrongUsage), backup, version,
        };
        foreach (var option in (Option[])
            [ConfigFile, ListenOption, SystemdSocket, WebConfigFile, RoutePrefixOption, StoragePath, ShardOption, EnableLifecycle, LogLevel, LogFormat])
        {
            root.Options.Add(option);
            serve.Options.Add(option);
        }

        root.SetAction(ServeAsync);
        serve.SetAction(ServeAsync);
        check.SetAction(parsed => Check(parsed.GetValue(file)!, parsed.GetValue(WebConfigFile)));
        backup.SetAction(parsed => Backup(parsed.GetValue(StoragePath)!, parsed.GetValue(copy)!));
        backtest.SetAction(BacktestAsync);
        version.SetAction(_ => Console.WriteLine(
            $"egress-alerts {ServiceVersion.Long}\n{RuntimeInformation.FrameworkDescription}\n"
            + $"{RuntimeInformation.OSDescription} ({RuntimeInformation.RuntimeIdentifier})"));

        // Such a write then fails as on a full disk does, instead of ending the program.
        using var limit = PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true);
        var result = root.Parse(args);
        if (result.Errors.Count == 0) return await InvokeAsync(result);
        foreach (var error in result.Errors) await Console.Error.WriteLineAsync(error.Message);
        await Console.Error.WriteLineAsync("egress-alerts --help says what there is");
        return WrongUsage;
    }

    private static async Task<int> InvokeAsync(ParseResult result)
    {
        try
        {
            return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is ConfigException or StartException or StoreException or HistoryException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failed;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("it was stopped before its end");
            return Failed;
        }
#pragma warning disable CA1031 // The end of the program: an exception that passes here would abort it with a core dump instead of exit code 1.
        catch (Exception e)
#pragma warning restore CA1031
        {
            var frame = e.StackTrace?.Split('\n')[0].Trim() ?? "nowhere";
            await Console.Error.WriteLineAsync(
                $"egress-alerts failed unexpectedly: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")} ({frame}). "
                + "This is a bug: please report this line.");
            return Failed;
        }
    }

    private static int Check(string file, string? webFile)
    {
        ConfigLoader.Check(file);
        if (webFile is { Length: > 0 }) WebAccess.Check(webFile);
        foreach (var warning in ConfigLoader.Warnings(file, TimeProvider.System.GetUtcNow())) Console.Error.WriteLine($"warning: {warning}");
        Console.WriteLine($"{file}: good");
        if (webFile is { Length: > 0 }) Console.WriteLine($"{webFile}: good");
        return Good;
    }

    private static int Backup(string folder, string copy)
    {
        Backups.Make(Path.Combine(folder, Store.FileName), copy);
        Console.WriteLine($"{copy}: written");
        return Good;
    }

    private static async Task<int> BacktestAsync(ParseResult parsed, CancellationToken cancel)
    {
        var since = parsed.GetValue(Since)!;
        if (DurationText.Parse(since) is not { } length || length <= TimeSpan.Zero || length > MaxSince)
        {
            await Console.Error.WriteLineAsync(
                $"--since: '{since}' is not a duration above 0 s and up to {DurationText.Exact(MaxSince)}, such as 21d, 12h or 1w");
            return WrongUsage;
        }

        try
        {
            var options = new BacktestOptions(
                parsed.GetValue(ConfigFile), length, parsed.GetValue(Against), parsed.GetValue(SaveState), parsed.GetValue(NamesFrom)!,
                parsed.GetValue(Output) == "json", parsed.GetValue(FailOn), parsed.GetValue(Input));
            return await BacktestCommand.RunAsync(options, TimeProvider.System, Console.Out, Console.Error, cancel) ? Failed : Good;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("the backtest was stopped before its end: there is no report, and no state was saved");
            return Failed;
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (address, isFromSystemd) = (parsed.GetValue(ListenOption)!, parsed.GetValue(SystemdSocket));
        if (isFromSystemd && parsed.GetResult(ListenOption) is { Implicit: false })
        {
            await Console.Error.WriteLineAsync("--web.systemd-socket stands in place of --web.listen-address: give one of them");
            return WrongUsage;
        }

        if ((isFromSystemd ? SystemdSockets.Take() : (IListener?)ListenAddress.TryParse(address)) is not { } listen)
        {
            await Console.Error.WriteLineAsync($"--web.listen-address: '{address}' is not {ListenAddress.Expected}");
            return WrongUsage;
        }

        var path = parsed.GetValue(RoutePrefixOption)!;
        if (RoutePrefix.TryParse(path) is not { } prefix)
        {
            await Console.Error.WriteLineAsync($"--web.route-prefix: '{path}' is not {RoutePrefix.Expected}");
            return WrongUsage;
        }

        var part = parsed.GetValue(ShardOption)!;
        if (Shard.Parse(part, Environment.MachineName) is not { } shard)
        {
            await Console.Error.WriteLineAsync($"--shard: '{part}' is not {Shard.Expected} (this host is called {Environment.MachineName})");
            return WrongUsage;
        }

        await Program.ServeAsync(
            new ServeOptions(
                parsed.GetValue(ConfigFile),
                listen,
                prefix,
                parsed.GetValue(StoragePath)!,
                parsed.GetValue(EnableLifecycle),
                parsed.GetValue(LogLevel)!,
                parsed.GetValue(LogFormat)!)
            {
                Shard = shard,
                WebConfigFile = parsed.GetValue(WebConfigFile),
            },
            cancel);
        return Good;
    }
}
