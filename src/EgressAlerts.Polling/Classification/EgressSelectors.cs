using System.Globalization;

namespace EgressAlerts.Polling;

/// <summary>The matchers with which a server selects what may have left the mesh, and leaves out what <see cref="Classifier"/> would leave out for sure.
/// Stateless.</summary>
/// <remarks>A selector of PromQL has no "or" between labels, so there are four. No series fits two of them.</remarks>
internal static class EgressSelectors
{
    /// <summary>As <see cref="AddressText.IsMissing"/> has it.</summary>
    private const string Missing = "|unknown|-|0[.]0[.]0[.]0|::|<nil>|NULL|(?s:[?].*)";

    private const string BlackHole = "BlackHoleCluster";

    /// <summary>Each is a list of matchers: towards no workload or an egress gateway; refused, or towards the service of a gateway, by either of two labels;
    /// towards a ServiceEntry that the proxy calls a workload.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(TelemetryOptions options)
    {
        var gateways = options.EgressGateways.Select(gateway => gateway.Split('/')).Select(parts => (Namespace: parts[0], Workload: parts[1])).ToList();
        var hosts = gateways.Select(gateway => $"{gateway.Workload}.{gateway.Namespace}.svc.{options.ClusterDomain}").ToList();
        var workloads = OneOf([.. gateways.Select(gateway => gateway.Workload)], Missing);
        var names = OneOf([.. gateways.Select(gateway => gateway.Workload), .. hosts], BlackHole);
        var services = OneOf(hosts, BlackHole);
        const string Reporter = "reporter!=\"destination\"";
        return
        [
            [Reporter, $"destination_workload=~\"{workloads}\""],
            [Reporter, $"destination_workload!~\"{workloads}\"", $"destination_service_name=~\"{names}\""],
            [
                Reporter, $"destination_workload!~\"{workloads}\"", $"destination_service_name!~\"{names}\"", $"destination_service=~\"{services}\"",
            ],
            [
                Reporter, $"destination_workload!~\"{workloads}\"", $"destination_service_name!~\"{names}\"", $"destination_service!~\"{services}\"",
                "destination_service=~\"(?s:.*[.].*)\"", "destination_service!~\"(?is:.*[.]svc[.].*)\"", $"destination_principal=~\"{Missing}|(?s:.*/sa/)\"",
            ],
        ];
    }

    private static string OneOf(IReadOnlyList<string> texts, string first) =>
        string.Join('|', texts.Distinct().Order(StringComparer.Ordinal).Select(Quote).Prepend(first));

    /// <summary>The text as a pattern within a string of PromQL.</summary>
    private static string Quote(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.Value == '.' ? "[.]"
        : rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '-' or '_') ? rune.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"\\\\x{{{rune.Value:X}}}")));
}
