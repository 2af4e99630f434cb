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
/// <item>New source: do <c>prometheus.url</c> and <c>matchers</c> still select what they did? If not, unknown counters may have been hidden until now.</item>
/// <item>Gap: were there windows without samples? An unknown counter was born in them, after the last sample of its job: it counts in full.</item>
/// <item>Retention lost: did Prometheus lose its data? Then the same holds, because proxies keep their counters.</item>
/// </list>
/// </remarks>
internal sealed class BaselineRules(JobRegister jobs, PollingOptions options, StoredState state)
{
    private readonly string _source = Fingerprint(options);
    private readonly Cell<string> _lastSource = state.Cell("polling_source", PollingJson.Default.String, "");

    /// <summary>Nothing has been read yet.</summary>
    public bool IsFirst => _lastSource.Value.Length == 0;

    /// <summary>The last window was read from elsewhere, or with other matchers.</summary>
    public bool IsNewSource => !IsFirst && _lastSource.Value != _source;

    /// <summary>Whether all of a window is baseline: until a job has been watched for a while, there is nothing to compare with.</summary>
    public bool IsBaseline(Window window) => IsFirst || !jobs.AnySettled(window);

    /// <summary>Whether counters of this job that were not known before the window are baseline.</summary>
    public bool IsBirthBaseline(string job, Window window) => IsBaseline(window) || IsNewSource || !jobs.IsSettled(job, window);

    /// <summary>A window has been read whole.</summary>
    public void WasRead()
    {
        if (_lastSource.Value != _source) _lastSource.Value = _source;
    }

    /// <summary>Known counters were lost. So unknown ones may be old, as after a change of the source.</summary>
    public void Distrust()
    {
        if (!IsFirst) _lastSource.Value = "unknown";
    }

    private static string Fingerprint(PollingOptions options)
    {
        var servers = options.Each.Select(server => server.Cluster.Length > 0 ? $"{server.Url.AbsoluteUri} {server.Cluster}" : server.Url.AbsoluteUri);
        var text = string.Join('\n', servers.Order(StringComparer.Ordinal).Concat(options.Matchers.Order(StringComparer.Ordinal)));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
