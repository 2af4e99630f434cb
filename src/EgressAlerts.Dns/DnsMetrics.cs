using System.Diagnostics.Metrics;

namespace EgressAlerts.Dns;

/// <summary>What name resolution says about itself.</summary>
public sealed class DnsMetrics
{
    /// <summary>Why a question had no usable answer: the values of the label <c>reason</c>.</summary>
    internal static readonly IReadOnlyList<string> FailureReasons =
        ["timeout", "servfail", "refused", "formerr", "rcode", "malformed", "alias_loop", "unreachable", "resting", "tcp", "unwanted", "no_server", "internal"];

    private static readonly string[] UnwantedReasons = ["unknown_id", "not_a_reply", "other_question"];
    private static readonly string[] Outcomes = ["confirmed", "unconfirmed", "unnamed", "failed"];
    private static readonly string[] ClaimOutcomes = ["resolved", "absent", "failed"];

    private readonly Counter<long> _queries;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _unwanted;
    private readonly Counter<long> _lookups;
    private readonly Counter<long> _claims;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _dropped;
    private Func<int> _names = () => 0;
    private Func<int> _addresses = () => 0;
    private Func<int> _waiting = () => 0;

    public DnsMetrics(Meter meter)
    {
        _queries = meter.CreateCounter<long>("egress_alerts_dns_queries_total", null, "Questions sent to name servers.");
        _failures = meter.CreateCounter<long>("egress_alerts_dns_query_failures_total", null, "Questions that a name server did not answer usably.");
        _unwanted = meter.CreateCounter<long>(
            "egress_alerts_dns_unwanted_replies_total", null, "Replies that did not belong to the question they came for; nothing of them is used.");
        _lookups = meter.CreateCounter<long>("egress_alerts_dns_lookups_total", null, "Addresses looked up, by what came of it.");
        _claims = meter.CreateCounter<long>("egress_alerts_dns_claims_total", null, "Names that clients claim, resolved to be checked, by what came of it.");
        _refused = meter.CreateCounter<long>("egress_alerts_dns_refused_names_total", null, "Names in reverse zones that are not fit for a label, such as markup, addresses or more than 253 characters.");
        _dropped = meter.CreateCounter<long>("egress_alerts_dns_lookups_dropped_total", null, "Look-ups that fell out of the full queue, the ones with least traffic; a later window asks again.");
        meter.CreateObservableGauge("egress_alerts_dns_cache_entries", () => _names(), null, "Addresses whose name, or lack of one, is remembered.");
        meter.CreateObservableGauge("egress_alerts_dns_claims_cached", () => _addresses(), null, "Claimed names whose addresses, or lack of them, are remembered.");
        meter.CreateObservableGauge("egress_alerts_dns_lookups_waiting", () => _waiting(), null, "Look-ups that wait for their turn.");
        _queries.Add(0);
        _dropped.Add(0);
        _refused.Add(0);
        foreach (var reason in FailureReasons) _failures.Add(0, Tag("reason", reason));
        foreach (var reason in UnwantedReasons) _unwanted.Add(0, Tag("reason", reason));
        foreach (var outcome in Outcomes) _lookups.Add(0, Tag("outcome", outcome));
        foreach (var outcome in ClaimOutcomes) _claims.Add(0, Tag("outcome", outcome));
    }

    internal void Query() => _queries.Add(1);

    internal void Failure(string reason) => _failures.Add(1, Tag("reason", reason));

    internal void Unwanted(string reason) => _unwanted.Add(1, Tag("reason", reason));

    internal void Lookup(string outcome) => _lookups.Add(1, Tag("outcome", outcome));

    internal void Claim(string outcome) => _claims.Add(1, Tag("outcome", outcome));

    internal void Refused(int names) => _refused.Add(names);

    internal void Dropped() => _dropped.Add(1);

    internal void Watch(Func<int> names, Func<int> addresses, Func<int> waiting) => (_names, _addresses, _waiting) = (names, addresses, waiting);

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
