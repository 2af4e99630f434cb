using System.CommandLine;
using System.Text.Json;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Explain;
using EgressAlerts.Naming;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Storage;
using EgressAlerts.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts;

/// <summary>The command <c>explain</c>: what a configuration makes of some traffic. It asks DNS and nobody else.</summary>
internal static class ExplainCommand
{
    /// <summary>How long DNS may take.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private static readonly Option<string> Source = Text("--source", "The workload, as namespace/workload.");
    private static readonly Option<string> Destination = Text("--destination", "A name that a client claims or that a ServiceEntry has, or an address.");
    private static readonly Option<string> Address = Text("--address", "The address that is dialled.");
    private static readonly Option<string> Port = Text("--port", "The port that is dialled.");
    private static readonly Option<string> As = Text("--as", $"Where the name stands: {string.Join(", ", ExplainQuery.Kinds)}. Default: sni.");
    private static readonly Option<string> Way = Text(
        "--route", $"The way out of the mesh: {string.Join(", ", ExplainQuery.Routes)}. Default: passthrough, or registered with --as=service.");

    /// <param name="wrongUsage">The exit code for options that say nothing.</param>
    public static Command Make(Option<string?> configFile, Option<string> output, int wrongUsage)
    {
        var command = new Command(
            "explain", "Say how some traffic would be named, which policy would match, and which detectors would look at it. Nothing is sent or stored.");
        foreach (var option in (Option[])[configFile, Source, Destination, Address, Port, As, Way, output]) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            string Given(Option<string> option) => parsed.GetValue(option)!;

            var asked = new ExplainArguments(Given(Source), Given(Destination), Given(Address), Given(Port), Given(As), Given(Way));
            if (ExplainQuery.Parse(asked, out var query) is { } complaint)
            {
                await Console.Error.WriteLineAsync($"--{complaint}");
                return wrongUsage;
            }

            var explained = await RunAsync(ConfigLoader.Load(parsed.GetValue(configFile)), query!, TimeProvider.System, cancel);
            await Console.Out.WriteAsync(
                parsed.GetValue(output) == "json" ? JsonSerializer.Serialize(explained, ApiJson.Options) + "\n" : ExplanationText.Of(explained));
            return 0;
        });
        return command;
    }

    /// <summary>Explains some traffic with stages that have seen nothing yet.</summary>
    internal static async Task<Explanation> RunAsync(Settings settings, ExplainQuery query, TimeProvider time, CancellationToken cancel)
    {
        using var store = Store.InMemory();
        var (state, metrics) = (store.Read(), new MetricRegistry());
        await using var lookups = new Lookups(settings.Dns, state, new DnsMetrics(metrics), TimeProvider.System);
        var naming = new Namer(settings.Destinations, lookups, state, TimeProvider.System, NullLogger<Namer>.Instance);
        var detection = new Detectors(settings.Detection, new DetectionMetrics(metrics, time), state, NullLogger<Detectors>.Instance);
        return await Explanation.MakeAsync(query, naming, detection, LearningExplanation.None, MaxWait, time, cancel);
    }

    private static Option<string> Text(string name, string description) => new(name) { Description = description, DefaultValueFactory = _ => "" };
}
