using System.Globalization;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Configuration;

/// <summary>Reads <c>policies</c>.</summary>
internal static class PolicySection
{
    public const string NoNamePattern = "is not a host name such as www.example.com, nor *.example.com for all names below it";

    private const string EverythingHidden = "would hide all traffic from the detectors: give the policy a source or a destination, or remove it";

    private const string NoPattern = "is not a name, which may have a * at its beginning or end";

    public static IReadOnlyList<Policy> Read(ConfigSection root, string severity)
    {
        var policies = root.Sections("policies").Select((section, i) => Policy(section, i, severity)).ToList();
        foreach (var twice in policies.GroupBy(policy => policy.Name).Where(group => group.Count() > 1)) root.Error("policies", $"has two of the name '{twice.Key}'");
        return policies;
    }

    /// <summary>Of the labels and paths of the mesh only what policies ask for is kept.</summary>
    public static TelemetryOptions Asked(TelemetryOptions telemetry, IReadOnlyList<Policy> policies) => telemetry with
    {
        AskedLabels = [.. policies.SelectMany(policy => policy.Source.Labels).Select(label => (label.Key, label.Value)).Distinct()],
        AskedPaths = [.. policies.SelectMany(policy => policy.Destination.PathPrefixes).Distinct()],
    };

    public static bool IsNamePattern(string text) =>
        text == "*" || (LabelText.Host(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text) is var host && host != Words.Invalid && !host.Contains('*', StringComparison.Ordinal) && (host == text || "*." + host == text));

    private static Policy Policy(ConfigSection section, int number, string severity)
    {
        var action = section.OneOf("action", "", "allow", "alert", "ignore");
        if (!section.Has("action")) section.Error("action", "is missing: allow, alert or ignore");
        var (source, destination) = (section.Section("source"), section.Section("destination"));
        var policy = new Policy(
            section.Text("name", string.Create(CultureInfo.InvariantCulture, $"number-{number + 1}")),
            action.Length > 0 ? Enum.Parse<PolicyAction>(action, ignoreCase: true) : PolicyAction.Alert,
            DetectionSection.Severity(section, "severity", severity),
            new PolicySource
            {
                Namespaces = Patterns(source, "namespaces"),
                Workloads = Patterns(source, "workloads"),
                Labels = source.Pairs("labels", ConfigLoader.IsLabelName, "is not a label name"),
            },
            new PolicyDestination
            {
                Names = [.. destination.Texts("names", [], IsNamePattern, NoNamePattern).Select(text => new Pattern(text))],
                Cidrs = destination.Cidrs("cidrs"),
                Regions = destination.Texts("regions", []),
                Ports = destination.Texts("ports", [], text => LabelText.Port(text).Length > 0, "is not a port from 1 to 65535"),
                PathPrefixes = destination.Texts("path_prefixes", [], text => text.StartsWith('/') && !text.Any(char.IsWhiteSpace), "does not begin with /"),
                Routes = [.. destination.Texts("routes", [], text => Route(text) is not null, $"is none of {string.Join(", ", Enum.GetValues<Route>().Select(route => route.Word()))}").Select(text => Route(text)!.Value)],
            });
        if (policy is { Action: PolicyAction.Ignore, HasConditions: false })
            section.Error("action", $"'ignore' without a condition {EverythingHidden}");
        if (LabelText.Host(policy.Name) == Words.Invalid) section.Error("name", "holds more than letters, digits, '-', '_' and '.'");
        foreach (var each in (ConfigSection[])[source, destination, section]) each.Done();
        return policy;
    }

    private static IReadOnlyList<Pattern> Patterns(ConfigSection section, string key) => [.. section.Texts(key, [], Pattern.IsOne, NoPattern).Select(text => new Pattern(text))];

    private static Route? Route(string text) => Enum.GetValues<Route>().Cast<Route?>().FirstOrDefault(route => route!.Value.Word() == text);
}
