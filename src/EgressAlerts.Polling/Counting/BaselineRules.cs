using System.Security.Cryptography;
using System.Text;
using EgressAlerts.Model;
using EgressAlerts.Storage;

namespace EgressAlerts.Polling;

/// <summary>Decides whether what a counter shows at its first sight has just happened, or may be as old as its proxy. The latter is a baseline: it is
/// left out, and <c>egress_alerts_excluded_total{reason="baseline"}</c> says how much it was.</summary>
/// <remarks>
/// <para>A counter that is known needs no rule: it counts what it grew by, whatever happened in between.</para>
/// <list type="bullet">
/// <item>First window: was this service there before? If not, everything it sees is a baseline.</item>
/// <item>New job: was the counter's job scraped before the counter appeared? If not, the proxy may be older than the job.</item>
/// <item>New source: do <c>prometheus.url</c>, the tenant, <c>matchers</c> and the shard still select what they did? If not, unknown counters may have been
/// hidden until now.</item>
/// <item>New selection: did <c>read</c> or <c>egress_gateways</c> keep the server from showing the counter until now? Then it may be old.</item>
/// <item>Gap: were there windows without samples? An unknown counter was born in them, after the last sample of its job: it counts in full.</item>
/// <item>Retention lost: did Prometheus lose its data? Then the same holds, because proxies keep their counters.</item>
/// </list>
/// </remarks>
internal sealed class BaselineRules(JobRegister jobs, PollingOptions options, TelemetryOptions telemetry, StoredState state)
{
    private readonly string _source = Fingerprint(options);
    private readonly Cell<string> _lastSource = state.Cell("polling_source", PollingJson.Default.String, "");

    private readonly ReadState _read = new(
        options.Read, string.Join(',', telemetry.EgressGateways.Order(StringComparer.Ordinal).Prepend(telemetry.ClusterDomain)), EgressSelectors.Version);
    private readonly Cell<ReadState> _lastRead = state.Cell("polling_read", PollingJson.Default.ReadState, new ReadState(ReadMode.All, ""));

    /// <summary>Nothing has been read yet.</summary>
    public bool IsFirst => _lastSource.Value.Length == 0;

    /// <summary>The last window was read from elsewhere, or with other matchers.</summary>
    public bool IsNewSource => !IsFirst && _lastSource.Value != _source;

    /// <summary>The last window was read with selectors that may have left out what the selectors of this one select.</summary>
    public bool ReadsMore => _lastRead.Value.Mode == ReadMode.Egress && _lastRead.Value != _read;

    /// <summary>Whether the selectors of the last window may have left out a series that means this. All other series of egress were selected, as far as
    /// that version of the selectors knew egress.</summary>
    public bool WasLeftOut(SeriesMeaning what) => ReadsMore && (what.Counter is { } counter
        ? _lastRead.Value.Version != _read.Version || (counter.Flow.Route == Route.Gateway && _lastRead.Value.Gateways != _read.Gateways)
        : _read.Mode == ReadMode.All);

    /// <summary>Whether all of a window is baseline: until a job has been watched for a while, there is nothing to compare with.</summary>
    public bool IsBaseline(Window window) => IsFirst || !jobs.AnySettled(window);

    /// <summary>Whether counters of this job that were not known before the window are baseline.</summary>
    public bool IsBirthBaseline(string job, Window window) => IsBaseline(window) || IsNewSource || !jobs.IsSettled(job, window);

    /// <summary>A window has been read whole.</summary>
    public void WasRead()
    {
        if (_lastSource.Value != _source) _lastSource.Value = _source;
        if (_lastRead.Value != _read) _lastRead.Value = _read;
    }

    /// <summary>Known counters were lost. So unknown ones may be old, as after a change of the source.</summary>
    public void Distrust()
    {
        if (!IsFirst) _lastSource.Value = "unknown";
    }

    private static string Fingerprint(PollingOptions options)
    {
        var servers = options.EachServer().Select(server =>
            server.Url.AbsoluteUri + (server.Cluster.Length > 0 ? $" {server.Cluster}" : "") + (server.Tenant.Length > 0 ? $" tenant {server.Tenant}" : ""));
        var text = string.Join('\n', servers.Order(StringComparer.Ordinal).Concat(options.Matchers.Order(StringComparer.Ordinal)));
        if (!options.Shard.IsWhole) text += $"\nshard {options.Shard}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
