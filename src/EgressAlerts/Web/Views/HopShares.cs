using EgressAlerts.Model;

namespace EgressAlerts.Web;

/// <summary>How many requests and connections a hop carried.</summary>
internal readonly record struct HopAmounts(double Requests, double Opened, double Closed)
{
    /// <summary>A connection counts when it opens or ends, because one that lasts has not ended yet.</summary>
    public double Connections => Math.Max(Opened, Closed);

    public static HopAmounts Of(Metric metric, double value) => metric switch
    {
        Metric.Requests => new(value, 0, 0),
        Metric.ConnectionsOpened => new(0, value, 0),
        Metric.ConnectionsClosed => new(0, 0, value),
        _ => default,
    };

    public static HopAmounts operator +(HopAmounts one, HopAmounts other) =>
        new(one.Requests + other.Requests, one.Opened + other.Opened, one.Closed + other.Closed);
}

/// <summary>Estimates which workloads stand behind what an egress gateway let out. Pure.</summary>
/// <remarks>Istio counts both hops and does not join them. So each workload gets its share of the first hop in whatever left by the second. Requests are
/// shared by requests, and connections by connections. Say 30 requests and 10 connections left. If a workload sent 20 of 40 requests to the gateway, and
/// opened none of the connections, 15 of the 40 are its own: 37.5 %.</remarks>
internal static class HopShares
{
    /// <summary>The share of each workload, the largest first. They sum to one. Empty where nothing left, or where nothing of the same kind came in.</summary>
    /// <param name="second">What the gateway let out.</param>
    /// <param name="first">What came in, once for each workload.</param>
    public static IReadOnlyList<(Workload Source, double Share)> Estimate(HopAmounts second, IReadOnlyCollection<(Workload Source, HopAmounts Amounts)> first)
    {
        var (requestsIn, connectionsIn) = (first.Sum(one => one.Amounts.Requests), first.Sum(one => one.Amounts.Connections));
        var requestsOut = requestsIn > 0 ? second.Requests : 0;
        var connectionsOut = connectionsIn > 0 ? second.Connections : 0;
        var all = requestsOut + connectionsOut;
        if (all <= 0) return [];
        return
        [
            .. first.Select(one => (one.Source, Share: Share(one.Amounts))).Where(one => one.Share > 0)
                .OrderByDescending(one => one.Share).ThenBy(one => one.Source, Workload.Order),
        ];

        double Share(HopAmounts own) => Part(requestsOut, own.Requests, requestsIn) + Part(connectionsOut, own.Connections, connectionsIn);

        // One kind alone then gives exactly the share of the first hop.
        double Part(double sent, double own, double allIn) => allIn > 0 ? sent / all * (own / allIn) : 0;
    }
}
