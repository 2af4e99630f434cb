using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts;

/// <summary>Says of findings about egress gateways who probably stands behind them.</summary>
internal static class GatewayFindings
{
    private const int Most = 3;

    /// <param name="counters">As of the end of the window that has the findings.</param>
    public static IReadOnlyList<Finding> Explained(IReadOnlyList<Finding> findings, CounterSnapshot counters, TelemetryOptions options)
    {
        if (!findings.Any(IsAboutGateway)) return findings;
        var hops = new GatewayHops(options, new Traffic(counters with
        {
            Series = [.. counters.Series.Where(IsHop)],
            ShownAsZero = [.. counters.ShownAsZero.Where(IsHop)],
            Destinations = [],
        }));
        return [.. findings.Select(finding => IsAboutGateway(finding) ? finding with { Behind = Sentence(hops, finding) } : finding)];

        bool IsAboutGateway(Finding finding) => options.EgressGateways.Contains(finding.Source.ToString());

        bool IsHop(ExportedSeries series) => series.Key.Route == Route.Gateway || options.EgressGateways.Contains(series.Key.Source.ToString());
    }

    /// <summary>A destination without a counter of its own has the shares of all that enters.</summary>
    private static string Sentence(GatewayHops hops, Finding finding)
    {
        if ((hops.Behind(finding.Source, finding.Destination) ?? hops.Into(finding.Source)) is not { } estimate) return "";
        var named = estimate.Workloads.Take(Most).Select(one => $"{one.Source} {PageText.Percent(one.Share)}");
        var others = estimate.Workloads.Count - Most + estimate.More;
        return $"Estimated: behind this gateway, by share of the first hop: {string.Join(", ", named)}"
            + $"{(others > 0 ? FormattableString.Invariant($", and {others} more") : "")}.";
    }
}
