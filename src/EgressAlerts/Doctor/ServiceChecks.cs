using System.Text.Json;
using EgressAlerts.Alerting;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Polling;
using EgressAlerts.Web;

namespace EgressAlerts.Doctor;

/// <summary>The section <c>service</c>: whether the running service is watched itself, and whether people find it.</summary>
internal sealed class ServiceChecks(ServerProbe probe, PollingOptions options, CheckBook book)
{
    private const string Section = "service";
    private const string Windows = "egress_alerts_windows_total";
    private const string WindowAge =
        "timestamp(egress_alerts_last_window_end_timestamp_seconds) - egress_alerts_last_window_end_timestamp_seconds";

    private const string Disk = "egress_alerts_storage_unwritten_rows > 0";
    private const string RawSeries = "egress_alerts_raw_series";

    /// <summary>The group of alerts/egress-alerts.rules.yml.</summary>
    private const string RuleGroup = "egress-alerts";

    /// <summary>Replicas read the same series, give or take those that came and went between their scrapes.</summary>
    private const double MostDifference = 1.5;

    public static CheckKind ExternalUrl { get; } = new(Section, "external_url", "links in alerts lead to this service");

    private static readonly CheckKind Scraped = new(Section, "service_scraped", "Prometheus scrapes this service");
    private static readonly CheckKind InTime = new(Section, "service_windows", "the running service reads windows in time");
    private static readonly CheckKind Storage = new(Section, "storage", "the running service can write its database; `--storage.path` is an option of `serve`");
    private static readonly CheckKind Rules = new(Section, "rules_loaded", "the rules about the service are loaded");
    private static readonly CheckKind Instances = new(Section, "instances", "several instances are replicas, or have external labels of their own");

    /// <summary>The kinds that Prometheus is asked about.</summary>
    public static IReadOnlyList<CheckKind> Asked { get; } = [Scraped, InTime, Storage, Rules, Instances];

    public static IReadOnlyList<CheckKind> Kinds { get; } = [ExternalUrl, .. Asked];

    public async Task RunAsync(CancellationToken cancel)
    {
        if (!book.Wants(Asked)) return;
        await RulesAsync(cancel);
        var answer = await probe.QueryAsync(Windows, cancel);
        if (answer.Failure.Length > 0)
        {
            book.GiveUp([Scraped, InTime, Storage, Instances], answer.Failure, Windows);
            return;
        }

        book.Add(ScrapedCheck(answer.Series.Count));
        book.Add(await AskAsync(InTime, WindowAge, WindowCheck, cancel));
        book.Add(await AskAsync(Storage, Disk, StorageCheck, cancel));
        book.Add(await AskAsync(Instances, RawSeries, InstanceCheck, cancel));
    }

    public static Check ExternalUrlCheck(AlertingOptions alerting)
    {
        const string Remedy = "alerting: {external_url: 'https://egress-alerts.example.com'}";
        var sends = alerting.Alertmanagers.Count > 0;
        if (!sends) return ExternalUrl.Ok("no alerts are sent, so no links are");
        if (alerting.ExternalUrl is not { } url || alerting.IsExternalUrlGuessed)
            return ExternalUrl.Warn("nobody has said where people reach this service, so links in alerts lead nowhere", Remedy);
        var isFar = alerting.Alertmanagers.Any(one => one.Url?.IsLoopback != true);
        return url.IsLoopback && isFar
            ? ExternalUrl.Warn($"links in alerts lead to {url}, which is another machine for each reader", Remedy)
            : ExternalUrl.Ok($"links in alerts lead to {url}");
    }

    internal static Check ScrapedCheck(int instances) => instances > 0
        ? Scraped.Ok($"{instances} instances are scraped", Windows)
        : Scraped.Warn(
            "Prometheus does not scrape this service, so there are no exported counters, dashboards, rules and proposals",
            "scrape_configs: [{job_name: egress-alerts, static_configs: [{targets: ['HOST:10098']}]}] (with scheme: https and basic_auth where "
            + "--web.config.file asks for them), or kubectl apply -k deploy/kubernetes/prometheus-operator",
            Windows);

    private Check WindowCheck(IReadOnlyList<HistorySeries> series)
    {
        var age = Values(series).DefaultIfEmpty().Max();
        return TimeSpan.FromSeconds(Math.Min(age, 1e9)) > HeaderView.Late(options)
            ? InTime.Fail(
                $"the last window of an instance had ended {DurationText.Rounded(TimeSpan.FromSeconds(Math.Min(age, 1e9)))} before it was scraped",
                "kubectl logs statefulset/egress-alerts, or the page /status, says why the window waits",
                WindowAge)
            : InTime.Ok(series.Count == 0 ? "no instance is scraped (service_scraped)" : "windows are read in time", WindowAge);
    }

    private static Check StorageCheck(IReadOnlyList<HistorySeries> series) => series.Count > 0
        ? Storage.Fail(
            FormattableString.Invariant($"the disk refuses {Values(series).Sum():0} rows of the database: a crash would lose them"),
            "df -h on the folder of --storage.path, and chown it to the user of the service",
            Disk)
        : Storage.Ok("no scraped instance has rows that its disk refuses", Disk);

    internal static Check InstanceCheck(IReadOnlyList<HistorySeries> series)
    {
        var counts = Values(series).Where(count => count > 0).ToList();
        if (counts.Count <= 1) return Instances.Ok("no more than one instance is scraped", RawSeries);
        return counts.Max() > MostDifference * counts.Min()
            ? Instances.Warn(
                FormattableString.Invariant($"{counts.Count} instances read {counts.Min():0} to {counts.Max():0} series, so they watch different meshes. ")
                + "Where their external labels are the same, Alertmanager takes alerts of the one for alerts of the other",
                "alerting: {external_labels: {cluster: NAME}}, another name for each",
                RawSeries)
            : Instances.Ok(FormattableString.Invariant($"{counts.Count} instances read the same mesh, as replicas do"), RawSeries);
    }

    private async Task RulesAsync(CancellationToken cancel)
    {
        if (!book.Wants(Rules)) return;
        var page = await probe.ReadAsync("/api/v1/rules", cancel);
        var groups = Groups(page.Data());
        book.Add(groups switch
        {
            null => Rules.Warn(
                $"the server does not tell its rules ({(page.Failure.Length > 0 ? page.Failure : FormattableString.Invariant($"status {page.Status}"))})",
                "give alerts/egress-alerts.rules.yml to what evaluates rules: vmalert -rule=FILE, or mimirtool rules load FILE"),
            var names when names.Contains(RuleGroup) => Rules.Ok($"the group {RuleGroup} is loaded"),
            _ => Rules.Warn(
                $"the group {RuleGroup} is not loaded, so nobody is told when the service itself fails",
                "rule_files: ['alerts/egress-alerts.rules.yml'], or kubectl apply -f deploy/kubernetes/prometheus-operator/rules.yaml, or vmalert -rule=FILE"),
        });
    }

    /// <summary>The names of the groups; null where the page is no list of rules.</summary>
    internal static IReadOnlySet<string>? Groups(JsonElement? data)
    {
        if (data is not { ValueKind: JsonValueKind.Object } rules || !rules.TryGetProperty("groups", out var groups)) return null;
        return groups.ValueKind != JsonValueKind.Array
            ? null
            : groups.EnumerateArray().Select(group => ServerPage.TextOf(group, "name")).ToHashSet(StringComparer.Ordinal);
    }

    private async Task<Check> AskAsync(CheckKind kind, string query, Func<IReadOnlyList<HistorySeries>, Check> judge, CancellationToken cancel)
    {
        var answer = await probe.QueryAsync(query, cancel);
        return answer.Failure.Length > 0 ? kind.Fail(answer.Failure, "", query) : judge(answer.Series);
    }

    private static IEnumerable<double> Values(IReadOnlyList<HistorySeries> series) =>
        series.SelectMany(one => one.Points.TakeLast(1)).Select(point => point.Value);
}
