using EgressAlerts.Model;
using EgressAlerts.Polling;

namespace EgressAlerts.Web;

/// <summary>Who stands behind what egress gateways let out, by what the exported counters show of the first hops. Immutable.</summary>
internal sealed class GatewayHops(TelemetryOptions options, Traffic traffic)
{
    /// <summary>Who stands behind what a workload did with a destination. Null where it is no gateway, or where nothing can be estimated.</summary>
    public HopEstimate? Behind(Workload gateway, string destination) =>
        IsGateway(gateway) && traffic.Of(destination).FirstOrDefault(pair => pair.Source == gateway) is { } second
            ? Estimate(gateway, second.Hop, FirstHops(gateway))
            : null;

    /// <summary>Who enters a gateway, by shares of all requests and connections that enter. Null where it is no gateway, or where nobody enters.</summary>
    public HopEstimate? Into(Workload gateway)
    {
        if (!IsGateway(gateway)) return null;
        var first = FirstHops(gateway);
        return Estimate(gateway, first.Aggregate(default(HopAmounts), (sum, one) => sum + one.Amounts), first);
    }

    private bool IsGateway(Workload workload) => options.EgressGateways.Contains(workload.ToString());

    /// <summary>What each workload sent to a gateway. The gateways of a cluster are entered from there.</summary>
    private List<(Workload Source, HopAmounts Amounts)> FirstHops(Workload gateway) =>
    [
        .. from service in traffic.FirstHops
           where IsServiceOf(gateway, service.Key)
           from hop in service.Value
           where hop.Key.Cluster == gateway.Cluster && hop.Key != gateway
           group hop.Value by hop.Key into hops
           select (hops.Key, hops.Aggregate((sum, one) => sum + one)),
    ];

    private HopEstimate? Estimate(Workload gateway, HopAmounts second, List<(Workload Source, HopAmounts Amounts)> first) => HopEstimate.Of(
        HopShares.Estimate(second, first),
        isIncomplete: traffic.FirstHops.TryGetValue(LabelValues.Overflow, out var others)
            && others.Keys.Any(source => source.Cluster == gateway.Cluster || source.Name == LabelValues.Overflow));

    /// <summary>Whether traffic to a destination enters a gateway. The service of a gateway mostly has the name of its workload. Another name is its own if
    /// its namespace has no other gateway.</summary>
    private bool IsServiceOf(Workload gateway, string destination)
    {
        string Service(string name) => $"{name}.{gateway.Namespace}.svc.{options.ClusterDomain}";

        if (destination == gateway.Name || destination == Service(gateway.Name)) return true;
        return destination.EndsWith(Service(""), StringComparison.Ordinal)
            && options.EgressGateways.Count(other => other.StartsWith($"{gateway.Namespace}/", StringComparison.Ordinal)) == 1;
    }
}
