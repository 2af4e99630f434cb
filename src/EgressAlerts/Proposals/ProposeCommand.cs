using System.CommandLine;
using System.Text.RegularExpressions;
using EgressAlerts.Configuration;
using EgressAlerts.Model;
using EgressAlerts.Past;

namespace EgressAlerts.Proposals;

/// <summary>The command <c>propose</c>: which ServiceEntries the traffic that was seen needs. It reads Prometheus and changes nothing there.</summary>
internal static partial class ProposeCommand
{
    private static readonly Option<string> Mode = new("--mode")
    {
        Description = "sidecar or ambient.",
        DefaultValueFactory = _ => "sidecar",
    };

    private static readonly Option<string?> Folder = new("--output-dir", "-o")
    {
        Description = "A folder that gets a file of YAML for each namespace. Without it, all of it goes to standard output.",
    };

    private static readonly Option<string> EgressNamespace = new("--egress-namespace")
    {
        Description = "The namespace of the entries in ambient mode.",
        DefaultValueFactory = _ => "istio-egress",
    };

    private static readonly Option<string> Waypoint = new("--waypoint")
    {
        Description = "The waypoint in that namespace.",
        DefaultValueFactory = _ => "waypoint",
    };

    private static readonly Option<string> IstioVersion = new("--istio-version")
    {
        Description = "The version of Istio, such as 1.30. What only some versions understand is not proposed without it.",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<string[]> Accept = new("--accept")
    {
        Description = "A name that only clients claim, and that you have looked at: HOST or *.DOMAIN. It can be given several times.",
        DefaultValueFactory = _ => [],
    };

    private static readonly Option<string[]> Wildcard = new("--wildcard")
    {
        Description = "A domain whose names are to be one entry, such as *.example.com. It can be given several times.",
        DefaultValueFactory = _ => [],
    };

    /// <param name="wrongUsage">The exit code for options that cannot be used.</param>
    public static Command Make(Option<string?> configFile, int wrongUsage)
    {
        Mode.AcceptOnlyFromAmong("sidecar", "ambient");
        var command = new Command(
            "propose", "Propose the ServiceEntries that the traffic of the past needs, and list what is to be decided. Nothing is applied or stored.");
        PastArguments.AddTo(command, configFile);
        foreach (var option in (Option[])[Mode, Folder, EgressNamespace, Waypoint, IstioVersion, Accept, Wildcard]) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            ProposalOptions? options = null;
            if ((PastArguments.Parse(parsed, configFile, out var past) ?? Parse(parsed, out options)) is { } complaint)
            {
                await Console.Error.WriteLineAsync(complaint);
                return wrongUsage;
            }

            var proposal = await RunAsync(past, options!, TimeProvider.System, Console.Error, cancel);
            if (parsed.GetValue(Folder) is { } folder) ProposalFolder.Write(folder, proposal, Console.Out);
            else await Console.Out.WriteAsync(ProposalYaml.Of(proposal));
            foreach (var line in ProposalYaml.Decisions(proposal)) await Console.Error.WriteLineAsync(line);
            return 0;
        });
        return command;
    }

    internal static async Task<Proposal> RunAsync(
        PastArguments past, ProposalOptions options, TimeProvider time, TextWriter progress, CancellationToken cancel)
    {
        var settings = ConfigLoader.Load(past.ConfigFile);
        var known = PastKnowledge.Read(settings, past.StoragePath);
        var traffic = await PastReading.ReadAsync(settings, past, time, progress, cancel);
        try
        {
            return Proposer.Propose(traffic, options, known, Covered.By(settings.Registry.Read(), settings, options, known));
        }
        catch (InvalidDataException e)
        {
            throw new StartException($"telemetry.service_entry_files: {e.Message}", e);
        }
    }

    /// <summary>What is wrong with the options, as a sentence; null where they are good.</summary>
    private static string? Parse(ParseResult parsed, out ProposalOptions? options)
    {
        options = null;
        var (ns, waypoint, version) = (parsed.GetValue(EgressNamespace)!, parsed.GetValue(Waypoint)!, parsed.GetValue(IstioVersion)!);
        if (!KubernetesName().IsMatch(ns)) return $"--egress-namespace: '{Common.QuotedText.Of(ns, 80)}' is not the name of a namespace";
        if (!KubernetesName().IsMatch(waypoint)) return $"--waypoint: '{Common.QuotedText.Of(waypoint, 80)}' is not the name of a Gateway";
        if (version.Length > 0 && !Version.TryParse(version, out _))
            return $"--istio-version: '{Common.QuotedText.Of(version, 80)}' is not a version such as 1.30";
        var (accepted, wildcards) = (parsed.GetValue(Accept)!, parsed.GetValue(Wildcard)!);
        var host = new HostPatternAttribute();
        if (accepted.FirstOrDefault(name => name == "*" || host.Parse(name) is null) is { } bad)
            return $"--accept: '{Common.QuotedText.Of(bad, 80)}' is not a host name such as www.example.com, nor *.example.com";
        if (wildcards.FirstOrDefault(name => !name.StartsWith("*.", StringComparison.Ordinal) || host.Parse(name) is null) is { } worse)
            return $"--wildcard: '{Common.QuotedText.Of(worse, 80)}' is not a domain such as *.example.com";
        options = new(
            parsed.GetValue(Mode) == "ambient",
            ns,
            waypoint,
            version.Length > 0 ? new Version(version) : null,
            [.. accepted.Select(name => new Pattern(name))],
            [.. wildcards.Select(name => new Pattern(name))]);
        return null;
    }

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex KubernetesName();
}
