using System.CommandLine;
using EgressAlerts.Configuration;
using EgressAlerts.Logging;

namespace EgressAlerts;

/// <summary>The command line: <c>serve</c> (also without a word), <c>check-config</c>, <c>version</c>. Exit codes: 0 good, 1 failed, 2 wrong usage.</summary>
internal static class CommandLine
{
    private const int Good = 0;
    private const int Failed = 1;
    private const int WrongUsage = 2;

    private static readonly Option<string?> ConfigFile = new("--config.file") { Description = "The configuration; without it documented defaults apply." };
    private static readonly Option<string> ListenAddress = new("--web.listen-address") { Description = "Where to serve metrics and pages.", DefaultValueFactory = _ => "0.0.0.0:10098" };
    private static readonly Option<string> StoragePath = new("--storage.path") { Description = "The folder of the checkpoint.", DefaultValueFactory = _ => "data/" };
    private static readonly Option<bool> EnableLifecycle = new("--web.enable-lifecycle") { Description = "Allow POST /-/reload." };
    private static readonly Option<bool> Created = new("--web.created-timestamps") { Description = "Expose _created samples in OpenMetrics; a second series for each counter where Prometheus stores them." };
    private static readonly Option<string> LogLevel = new("--log.level") { Description = "debug, info, warn or error.", DefaultValueFactory = _ => "info" };
    private static readonly Option<string> LogFormat = new("--log.format") { Description = "logfmt or json.", DefaultValueFactory = _ => "logfmt" };

    public static async Task<int> RunAsync(string[] args)
    {
        LogLevel.AcceptOnlyFromAmong("debug", "info", "warn", "error");
        LogFormat.AcceptOnlyFromAmong("logfmt", "json");
        var file = new Argument<string>("FILE") { Description = "The configuration to check." };
        var serve = new Command("serve", "Watch Prometheus, serve metrics, send alerts (the default).");
        var check = new Command("check-config", "Check a configuration and exit.") { file };
        var version = new Command("version", "Print the version and exit.");
        var root = new RootCommand("EgressAlerts: who in the mesh talks to what outside, named, bounded, alerted on.") { serve, check, version };
        foreach (var option in (Option[])[ConfigFile, ListenAddress, StoragePath, EnableLifecycle, Created, LogLevel, LogFormat])
        {
            root.Options.Add(option);
            serve.Options.Add(option);
        }

        root.SetAction(ServeAsync);
        serve.SetAction(ServeAsync);
        check.SetAction(parsed => Check(parsed.GetValue(file)!));
        version.SetAction(_ => Console.WriteLine($"egress-alerts {ServiceVersion.Long}"));

        var result = root.Parse(args);
        if (result.Errors.Count == 0) return await result.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        foreach (var error in result.Errors) await Console.Error.WriteLineAsync(error.Message);
        await Console.Error.WriteLineAsync("egress-alerts --help says what there is");
        return WrongUsage;
    }

    private static int Check(string file)
    {
        try
        {
            ConfigLoader.Load(file);
            Console.WriteLine($"{file}: good");
            return Good;
        }
        catch (ConfigException e)
        {
            Console.Error.WriteLine(e.Message);
            return Failed;
        }
    }

    private static async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancel)
    {
        var listen = new ListenUrl(parsed.GetValue(ListenAddress)!);
        if (listen.Url is null)
        {
            await Console.Error.WriteLineAsync($"--web.listen-address: '{parsed.GetValue(ListenAddress)}' is not host:port");
            return WrongUsage;
        }

        var options = new ServeOptions(
            parsed.GetValue(ConfigFile), listen, parsed.GetValue(StoragePath)!, parsed.GetValue(EnableLifecycle), parsed.GetValue(Created), parsed.GetValue(LogLevel)!, parsed.GetValue(LogFormat)!);
        try
        {
            await ServeCommand.RunAsync(options, cancel);
            return Good;
        }
        catch (Exception e) when (e is ConfigException or StartException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Failed;
        }
    }
}
