using System.CommandLine;
using EgressAlerts.Common;
using EgressAlerts.Configuration;
using EgressAlerts.Model;

namespace EgressAlerts.Doctor;

/// <summary>The command <c>doctor</c>: what is wrong with a set-up, and what mends it. It asks, and changes nothing.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string[]> Only = Codes("--only", "Only the check of this code. It can be given several times.");
    private static readonly Option<string[]> Skip = Codes("--skip", "Not the check of this code. It can be given several times.");

    /// <param name="wrongUsage">The exit code for options or a configuration that cannot be used.</param>
    public static Command Make(Option<string?> configFile, Option<string> output, int wrongUsage)
    {
        var command = new Command(
            "doctor",
            "Ask Prometheus, the name servers and the Alertmanagers whether they can be used as configured, and say what to mend. It takes 30 s at most. "
            + "Nothing is stored or sent. Exits with 0 if no check failed, with 1 if one did, with 2 on wrong usage or a configuration that cannot be used.");
        foreach (var option in (Option[])[configFile, Only, Skip, output]) command.Options.Add(option);
        command.SetAction(async (parsed, cancel) =>
        {
            var (only, skip) = (parsed.GetValue(Only)!.ToHashSet(), parsed.GetValue(Skip)!.ToHashSet());
            if (Complaint(only, skip) is { } complaint)
            {
                await Console.Error.WriteLineAsync(complaint);
                return wrongUsage;
            }

            var file = parsed.GetValue(configFile);
            if (await LoadAsync(file) is not { } settings) return wrongUsage;
            var checks = await new DoctorRun(settings, file, TimeProvider.System).RunAsync(
                kind => (only.Count == 0 || only.Contains(kind.Code)) && !skip.Contains(kind.Code), cancel);
            var isJson = parsed.GetValue(output) == "json";
            await Console.Out.WriteAsync(isJson ? CheckText.Json(checks) : CheckText.Of(checks, IsTerminal));
            return checks.Any(check => check.Result == CheckResult.Fail) ? 1 : 0;
        });
        return command;
    }

    private static bool IsTerminal => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    /// <summary>What is wrong with the codes, as a sentence; null where they are good.</summary>
    internal static string? Complaint(IReadOnlySet<string> only, IReadOnlySet<string> skip)
    {
        var known = DoctorRun.Kinds.Select(kind => kind.Code).ToHashSet();
        if (only.Concat(skip).FirstOrDefault(code => !known.Contains(code)) is { } unknown)
            return $"'{QuotedText.Of(unknown, 80)}' is no code of a check. There are: {string.Join(", ", known)}";
        return only.Count > 0 && only.IsSubsetOf(skip) ? "--skip leaves no check of those that --only names" : null;
    }

    private static async Task<Settings?> LoadAsync(string? file)
    {
        try
        {
            return ConfigLoader.Load(file);
        }
        catch (ConfigException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return null;
        }
    }

    private static Option<string[]> Codes(string name, string description) => new(name) { Description = description, DefaultValueFactory = _ => [] };
}
