using EgressAlerts.Common;
using Prometheus;

namespace EgressAlerts.Naming.Dns;

/// <summary>The metrics of name resolution.</summary>
public sealed class DnsMetrics
{
    /// <summary>Why a question had no usable answer: the values of the label <c>reason</c>.</summary>
    internal static readonly IReadOnlyList<string> FailureReasons =
        ["timeout", "servfail", "refused", "formerr", "rcode", "malformed", "alias_loop", "unreachable", "resting", "tcp", "unwanted", "no_server", "internal"];

    private static readonly string[] UnwantedReasons = ["unknown_id", "not_a_reply", "other_question"];
    private static readonly string[] Outcomes = ["confirmed", "unconfirmed", "unnamed", "failed"];
    private static readonly string[] ClaimOutcomes = ["resolved", "absent", "failed"];

    private readonly Counter _queries;
    private readonly Counter _failures;
    private readonly Counter _unwanted;
    private readonly Counter _lookups;
    private readonly Counter _claims;
    private readonly Counter _refused;
    private readonly Counter _dropped;
    private Func<(int Names, int Addresses, int Waiting)> _now = () => default;

    public DnsMetrics(MetricRegistry metrics)
    {
        _queries = metrics.Counter("egress_alerts_dns_queries_total", "Questions sent to name servers.");
        _failures = metrics.Counter("egress_alerts_dns_query_failures_total", "Questions that a name server did not answer usably.", "reason");
        _unwanted = metrics.Counter(
            "egress_alerts_dns_unwanted_replies_total", "Replies that did not belong to the question they came for; nothing of them is used.", "reason");
        _lookups = metrics.Counter("egress_alerts_dns_lookups_total", "Addresses looked up, by what came of it.", "outcome");
        _claims = metrics.Counter("egress_alerts_dns_claims_total", "Names that clients claim, resolved to be checked, by what came of it.", "outcome");
        _refused = metrics.Counter(
            "egress_alerts_dns_refused_names_total",
            "Names in reverse zones that are not fit for a label, such as markup, addresses or more than 253 characters.");
        _dropped = metrics.Counter(
            "egress_alerts_dns_lookups_dropped_total",
            "Look-ups that fell out of the full queue, the ones with least traffic; a later window asks again.");
        foreach (var reason in FailureReasons) _failures.WithLabels(reason);
        foreach (var reason in UnwantedReasons) _unwanted.WithLabels(reason);
        foreach (var outcome in Outcomes) _lookups.WithLabels(outcome);
        foreach (var outcome in ClaimOutcomes) _claims.WithLabels(outcome);

        var names = metrics.Gauge("egress_alerts_dns_cache_entries", "Addresses whose name, or lack of one, is remembered.");
        var addresses = metrics.Gauge("egress_alerts_dns_claims_cached", "Claimed names whose addresses, or lack of them, are remembered.");
        var waiting = metrics.Gauge("egress_alerts_dns_lookups_waiting", "Look-ups that wait for their turn.");
        metrics.BeforeScrape(() =>
        {
            var now = _now();
            names.Set(now.Names);
            addresses.Set(now.Addresses);
            waiting.Set(now.Waiting);
        });
    }

    internal void Query() => _queries.Inc();

    internal void Failure(string reason) => _failures.WithLabels(reason).Inc();

    internal void Unwanted(string reason) => _unwanted.WithLabels(reason).Inc();

    internal void Lookup(string outcome) => _lookups.WithLabels(outcome).Inc();

    internal void Claim(string outcome) => _claims.WithLabels(outcome).Inc();

    internal void Refused(int names) => _refused.Inc(names);

    internal void Dropped() => _dropped.Inc();

    internal void Watch(Func<(int Names, int Addresses, int Waiting)> now) => _now = now;
}
