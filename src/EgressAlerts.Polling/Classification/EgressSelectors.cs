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

    private const string Reporter = "reporter!=\"destination\"";
    private const string Dotted = "\"(?s:.*[.].*)\"";
    private const string InCluster = "\"(?is:.*[.]svc[.].*)\"";
    private const string NoAccount = $"\"{Missing}|(?s:.*/sa/)\"";

    /// <summary>Which selectors these are. To be raised where <see cref="Of"/> selects more than before, because what a database has not seen until then is
    /// no news.</summary>
    public const int Version = 1;

    /// <summary>Each is a list of matchers: towards no workload or an egress gateway; refused, or towards the service of a gateway, by either of two labels;
    /// towards a ServiceEntry that the proxy calls a workload.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Of(TelemetryOptions options)
    {
        var (workloads, names, services) = Patterns(options);
        return
        [
            [Reporter, $"destination_workload=~{workloads}"],
            [Reporter, $"destination_workload!~{workloads}", $"destination_service_name=~{names}"],
            [Reporter, $"destination_workload!~{workloads}", $"destination_service_name!~{names}", $"destination_service=~{services}"],
            [
                .. Others(options), $"destination_service=~{Dotted}", $"destination_service!~{InCluster}", $"destination_principal=~{NoAccount}",
            ],
        ];
    }

    /// <summary>What <see cref="Of"/> leaves out. No series fits two of them, and every series fits one of these or of those: what the other end reports;
    /// towards a workload under no host, a host of the cluster, or a host behind which the other end has shown an identity.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> NotRead(TelemetryOptions options)
    {
        var others = Others(options);
        return
        [
            ["reporter=\"destination\""],
            [.. others, $"destination_service!~{Dotted}"],
            [.. others, $"destination_service=~{Dotted}", $"destination_service=~{InCluster}"],
            [.. others, $"destination_service=~{Dotted}", $"destination_service!~{InCluster}", $"destination_principal!~{NoAccount}"],
        ];
    }

    /// <summary>What none of the first three of <see cref="Of"/> selects.</summary>
    private static IReadOnlyList<string> Others(TelemetryOptions options)
    {
        var (workloads, names, services) = Patterns(options);
        return [Reporter, $"destination_workload!~{workloads}", $"destination_service_name!~{names}", $"destination_service!~{services}"];
    }

    private static (string Workloads, string Names, string Services) Patterns(TelemetryOptions options)
    {
        var gateways = options.EgressGateways.Select(gateway => gateway.Split('/')).Select(parts => (Namespace: parts[0], Workload: parts[1])).ToList();
        var hosts = gateways.Select(gateway => $"{gateway.Workload}.{gateway.Namespace}.svc.{options.ClusterDomain}").ToList();
        return (
            OneOf([.. gateways.Select(gateway => gateway.Workload)], Missing),
            OneOf([.. gateways.Select(gateway => gateway.Workload), .. hosts], BlackHole),
            OneOf(hosts, BlackHole));
    }

    private static string OneOf(IReadOnlyList<string> texts, string first) =>
        $"\"{string.Join('|', texts.Distinct().Order(StringComparer.Ordinal).Select(Quote).Prepend(first))}\"";

    /// <summary>The text as a pattern within a string of PromQL.</summary>
    private static string Quote(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        rune.Value == '.' ? "[.]"
        : rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || rune.Value is '-' or '_') ? rune.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"\\\\x{{{rune.Value:X}}}")));
}
