using System.CommandLine;
using System.Text.Json;
using EgressAlerts.Configuration;
using EgressAlerts.Detection;
using EgressAlerts.Past;
using EgressAlerts.Registry;
using EgressAlerts.Web;

namespace EgressAlerts.Replays;

/// <summary>The command <c>replay</c>: what a candidate would have refused. It reads Prometheus and changes nothing there.</summary>
internal static class ReplayCommand
{
    private static readonly Option<string> Outbound = new("--policy")
    {
        Description = "The mesh's outboundTrafficPolicy to try: REGISTRY_ONLY or ALLOW_ANY. A Sidecar may say otherwise for its namespace.",
        DefaultValueFactory = _ => "REGISTRY_ONLY",
    };

    private static readonly Option<string[]> Bundles = new("--filename", "-f")
    {
        Description = "A file with ServiceEntries, Sidecars and AuthorizationPolicies, as kubectl get -o yaml prints them. It can be given several times.",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string> Mode = new("--mode") { Description = "sidecar or ambient.", DefaultValueFactory = _ => "sidecar" };

    private static readonly Option<string> RootNamespace = new("--root-namespace")
    {
        Description = "The root namespace of the mesh.",
        DefaultValueFactory = _ => "istio-system",
    };

    private static readonly Option<string> FailOn = new("--fail-on")
    {
        Description = "refused: exit with 1 if something that works today would be refused. unknown: also if something cannot be judged.",
        DefaultValueFactory = _ => "refused",
    };

    /// <param name="wrongUsage">The exit code for options that cannot be used.</param>
    public static Command Make(Option<string?> configFile, Option<string> output, int wrongUsage)
    {
        Outbound.AcceptOnlyFromAmong("REGISTRY_ONLY", "ALLOW_ANY");
        Mode.AcceptOnlyFromAmong("sidecar", "ambient");
        FailOn.AcceptOnlyFromAmong("refused", "unknown");
        var command = new Command(
            "replay",
            "Say which traffic of the past would have been refused by a candidate: telemetry.service_entry_files and the files of -f. The cluster is not "
            + "asked (telemetry.kubernetes). Exits with 0 if nothing would break, with 1 if something would or if it fails, with 2 on wrong usage.");
        PastArguments.AddTo(command, configFile);
        foreach (var option in (Option[])[Outbound, Bundles, Mode, RootNamespace, FailOn, output]) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            if (PastArguments.Parse(parsed, configFile, out var past) is { } complaint)
            {
                await Console.Error.WriteLineAsync(complaint);
                return wrongUsage;
            }

            var asked = new ReplayOptions(
                past, parsed.GetValue(Outbound)!, parsed.GetValue(Bundles)!, parsed.GetValue(Mode) == "ambient" ? MeshMode.Ambient : MeshMode.Sidecar,
                parsed.GetValue(RootNamespace)!);
            var report = await RunAsync(asked, TimeProvider.System, Console.Error, cancel);
            await Console.Out.WriteAsync(
                parsed.GetValue(output) == "json" ? JsonSerializer.Serialize(report, ApiJson.Options) + "\n" : ReplayText.Of(report));
            return report.Refused.Count > 0 || (parsed.GetValue(FailOn) == "unknown" && report.Unknown.Count > 0) ? 1 : 0;
        });
        return command;
    }

    /// <exception cref="StartException">A bundle cannot be used.</exception>
    internal static async Task<ReplayReport> RunAsync(ReplayOptions asked, TimeProvider time, TextWriter progress, CancellationToken cancel)
    {
        var settings = ConfigLoader.Load(asked.Past.ConfigFile);
        var registry = MeshRegistry.Empty;
        try
        {
            registry = settings.Registry.Read();
            var ns = asked.Past.Namespace.Length > 0 ? asked.Past.Namespace : "default";
            foreach (var file in asked.Bundles) registry = registry.With(MeshRegistry.Read(file, ns));
        }
        catch (InvalidDataException e)
        {
            throw new StartException(e.Message, e);
        }

        var (telemetry, isClosed) = (settings.Telemetry, asked.Outbound == "REGISTRY_ONLY");
        var door = new Door(registry, asked.Mode, isClosed, asked.RootNamespace, telemetry.ClusterDomain, [.. telemetry.EgressGateways]);
        var traffic = await PastReading.ReadAsync(settings, asked.Past, time, progress, cancel);
        var replayer = new Replayer(door, PastKnowledge.Read(settings, asked.Past.StoragePath), PolicyVerdicts.Read(settings.Detection, time.GetUtcNow()));
        var candidate = $"{asked.Outbound} with {registry.Entries.Count} ServiceEntries, {registry.Sidecars.Count} Sidecars and "
            + $"{registry.Policies.Count} AuthorizationPolicies";
        return replayer.Replay(traffic, candidate, asked.Past.Namespace);
    }
}

/// <summary>What the command line asks for.</summary>
/// <param name="Outbound"><c>REGISTRY_ONLY</c> or <c>ALLOW_ANY</c>.</param>
/// <param name="Bundles">Files.</param>
internal sealed record ReplayOptions(PastArguments Past, string Outbound, IReadOnlyList<string> Bundles, MeshMode Mode, string RootNamespace);
