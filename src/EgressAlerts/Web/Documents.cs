using System.Reflection;

namespace EgressAlerts.Web;

/// <summary>The runbooks of alerts/runbooks and the Telemetry resource of deploy/istio, carried in the program so that what an alert or a warning
/// points at always opens.</summary>
internal static class Documents
{
    private const string RunbookPrefix = "runbooks/";
    private const string RunbookExtension = ".md";
    private static readonly Assembly Assembly = typeof(Documents).Assembly;

    public static IReadOnlyList<string> RunbookNames { get; } =
    [
        .. Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(RunbookPrefix, StringComparison.Ordinal))
            .Select(name => name[RunbookPrefix.Length..^RunbookExtension.Length])
            .Order(StringComparer.Ordinal),
    ];

    public static string TelemetryResource => Read("istio/telemetry.yaml");

    public static string? FindRunbook(string name) => RunbookNames.Contains(name) ? Read(RunbookPrefix + name + RunbookExtension) : null;

    private static string Read(string name)
    {
        using var text = new StreamReader(Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }
}
