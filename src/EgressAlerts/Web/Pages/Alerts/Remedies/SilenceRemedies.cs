using EgressAlerts.Alerting;

namespace EgressAlerts.Web;

/// <summary>How to hear nothing of an alert for a while.</summary>
internal static class SilenceRemedies
{
    private static readonly Uri Local = new("http://localhost:9093");

    public static Remedy Of(Alert alert, AlertingOptions options)
    {
        var url = options.AlertmanagerExternalUrl ?? options.Alertmanagers.FirstOrDefault(one => one.Url is not null)?.Url ?? Local;
        var matchers = Matchers(alert).Select(ShellText.Argument);
        return new(
            "Silence it for eight hours",
            "Nothing changes here: the alert still fires and is listed, and Alertmanager tells nobody. Say in the comment why.",
            $"amtool silence add --alertmanager.url={ShellText.Argument(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))} --duration=8h --comment='looked at' "
                + $"{string.Join(' ', matchers)}\n");
    }

    /// <summary>The page of Alertmanager with the matchers filled in; empty where nobody has said where it is.</summary>
    public static string Url(Alert alert, AlertingOptions options) => options.AlertmanagerExternalUrl is { } url
        ? $"{url.AbsoluteUri.TrimEnd('/')}/#/silences/new?filter={Uri.EscapeDataString($"{{{string.Join(',', Matchers(alert))}}}")}"
        : "";

    /// <summary>All labels but the severity, which may change.</summary>
    private static IEnumerable<string> Matchers(Alert alert) =>
        from label in alert.Labels
        where label.Key != "severity"
        select $"{label.Key}=\"{Escaped(label.Value)}\"";

    private static string Escaped(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
