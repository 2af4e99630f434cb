using System.Reflection;

namespace EgressAlerts.Web;

/// <summary>The rules for Prometheus and the dashboards for Grafana, which are carried in the program.</summary>
internal static class ShippedFiles
{
    private const string OptionalRules = "rules/optional/";
    private static readonly Assembly Assembly = typeof(ShippedFiles).Assembly;

    /// <summary>The files of rules in alerts/. Those that tell again what the service itself tells are optional.</summary>
    public static IReadOnlyList<(string Name, string Text, bool IsOptional)> Rules =>
    [
        .. Read("rules/").Select(file => file.Path.StartsWith(OptionalRules, StringComparison.Ordinal)
            ? (file.Path[OptionalRules.Length..], file.Text, true)
            : (file.Path["rules/".Length..], file.Text, false)),
    ];

    /// <summary>The files in grafana/dashboards.</summary>
    public static IReadOnlyList<(string Name, string Text)> Dashboards =>
        [.. Read("dashboards/").Select(file => (file.Path["dashboards/".Length..], file.Text))];

    private static IEnumerable<(string Path, string Text)> Read(string prefix)
    {
        foreach (var path in Assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var text = new StreamReader(Assembly.GetManifestResourceStream(path)!);
            yield return (path, text.ReadToEnd());
        }
    }
}
