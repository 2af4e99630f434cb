using System.CommandLine;
using System.Text;
using EgressAlerts.Common;
using EgressAlerts.Web;

namespace EgressAlerts;

/// <summary>The command <c>rules</c>: the shipped rules and dashboards, with links to where this service really is.</summary>
internal static class RulesCommand
{
    /// <summary>What the files of the repository have for the address of the service.</summary>
    private const string Placeholder = "https://egress-alerts.example.com";

    private static readonly Option<string> ExternalUrl = new("--external-url")
    {
        Description = "The address under which people reach the service, as in alerting.external_url: links in alerts and dashboards begin with it.",
        Required = true,
    };

    private static readonly Option<string?> Folder = new("--out")
    {
        Description = "A folder for the files: rules/ for Prometheus, dashboards/ for Grafana. Without it the rules are printed as one file.",
    };

    private static readonly Option<bool> ByPrometheus = new("--by-prometheus")
    {
        Description = "Add the alerts about traffic that Prometheus evaluates. The service sends better ones, so with both you are told twice.",
    };

    /// <param name="wrongUsage">The exit code for an address that is none.</param>
    public static Command Make(int wrongUsage)
    {
        var command = new Command("rules", "Print the rules for Prometheus, or write them and the dashboards into a folder, with the right links.")
        {
            ExternalUrl, Folder, ByPrometheus,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            if (new UrlAttribute().Parse(parsed.GetValue(ExternalUrl)!) is not Uri url)
            {
                await Console.Error.WriteLineAsync(
                    $"--external-url: '{parsed.GetValue(ExternalUrl)}' is not an absolute http or https URL, such as {Placeholder}");
                return wrongUsage;
            }

            var home = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
            var rules = ShippedFiles.Rules.Where(rule => parsed.GetValue(ByPrometheus) || !rule.IsOptional).ToList();
            if (parsed.GetValue(Folder) is { } folder)
            {
                foreach (var (name, text, _) in rules) await WriteAsync(Path.Combine(folder, "rules"), name, text, home, cancel);
                foreach (var (name, text) in ShippedFiles.Dashboards) await WriteAsync(Path.Combine(folder, "dashboards"), name, text, home, cancel);
            }
            else
            {
                await Console.Out.WriteAsync(Joined(rules.Select(rule => rule.Text)).Replace(Placeholder, home, StringComparison.Ordinal));
            }

            return 0;
        });
        return command;
    }

    private static async Task WriteAsync(string folder, string name, string text, string home, CancellationToken cancel)
    {
        var file = Path.Combine(folder, name);
        try
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(file, text.Replace(Placeholder, home, StringComparison.Ordinal), cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"--out: {file} cannot be written: {e.Message}");
        }

        Console.WriteLine(file);
    }

    /// <summary>One file with the groups of all.</summary>
    private static string Joined(IEnumerable<string> files)
    {
        var text = new StringBuilder("groups:\n");
        foreach (var file in files) text.Append(file.AsSpan(file.IndexOf("\ngroups:\n", StringComparison.Ordinal) + "\ngroups:\n".Length));
        return $"{text}";
    }
}
