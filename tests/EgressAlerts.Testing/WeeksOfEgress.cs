using System.Globalization;
using System.Text;

namespace EgressAlerts.Testing;

/// <summary>Two weeks of the counters that EgressAlerts exports, as OpenMetrics text: a shop that is to be closed. The same at every call.</summary>
/// <param name="end">The last scrape. It lies a little in the future, so that queries for now have samples.</param>
public sealed class WeeksOfEgress(DateTimeOffset end)
{
    private const int StepSeconds = 240;
    private const int LastScrapeOfHour = 56;

    private static readonly IReadOnlyList<Line> Lines =
    [
        // What confirmed hosts got, which a proposal registers.
        new("shop", "cart", "api.stripe.com", "443", "tcp", 3, 4_000, "sni", "stripe.com"),
        new("shop", "checkout", "api.stripe.com", "443", "tcp", 1, 900, "sni", "stripe.com"),
        new("shop", "cart", "api.weather.example.com", "80", "http", 2, 300, "host", "weather.example.com"),
        new("shop", "checkout", "hooks.slack.example.com", "443", "tcp", 1, 2_000, "sni", "slack.example.com"),
        new("shop", "checkout", "files.partner.example.com", "8443", "tcp", 1, 50_000, "sni", "partner.example.com"),
        new("shop", "report", "metrics.watch.example.com", "443", "tcp", 2, 700, "sni", "watch.example.com"),

        // A family of names, and a database in a network that the configuration names.
        new("shop", "report", "a.cdn.example.net", "443", "tcp", 1, 100, "sni", "example.net"),
        new("shop", "report", "b.cdn.example.net", "443", "tcp", 1, 100, "sni", "example.net"),
        new("shop", "report", "partner-db", "5432", "tcp", 1, 8_000, "network", ""),

        // What only a client says, what is registered already, and what the mesh refuses.
        new("shop", "report", "update.example.org", "443", "tcp", 1, 60_000, "sni", "example.org", Confirmed: false),
        new("shop", "checkout", "pay.example.com", "443", "tcp", 1, 900, "registry", "example.com", Route: "registered"),
        new("shop", "report", "pastebin.example.org", "80", "http", 1, 200, "host", "example.org", Route: "blocked"),

        // Another namespace, which nobody closes.
        new("web", "front", "cdn.example.edu", "443", "tcp", 5, 100, "sni", "example.edu"),
    ];

    /// <summary>The service was not there in the 24 hours from here on.</summary>
    public DateTimeOffset Hole { get; } = new DateTimeOffset(end.UtcDateTime.Date, TimeSpan.Zero).AddDays(-5);

    /// <summary>The configuration that these counters come from.</summary>
    public static string Config(Uri prometheus) => $$"""
        prometheus: { url: '{{prometheus}}' }
        dns: { servers: ['127.0.0.1:9'], attempts: 1 }
        destinations: { networks: [{ name: partner-db, cidrs: [198.51.100.0/28], owner: partner }] }
        alerting: { alertmanagers: [] }
        """;

    /// <param name="inMilliseconds">Whether times are in milliseconds, as VictoriaMetrics imports them, and not in seconds as in OpenMetrics.</param>
    public void Write(string file, bool inMilliseconds = false)
    {
        using var text = new StreamWriter(file, append: false, new UTF8Encoding(false)) { NewLine = "\n" };
        var step = TimeSpan.FromSeconds(StepSeconds);
        var start = end.AddDays(-15);
        start = start.AddTicks(-(start.UtcTicks % step.Ticks));
        for (var at = start; at <= end; at += step)
        {
            if (at >= Hole && at < Hole.AddDays(1)) continue;
            var scrape = (long)((at - start) / step);
            var time = (at.ToUnixTimeSeconds() * (inMilliseconds ? 1000 : 1)).ToString(CultureInfo.InvariantCulture);
            void Show(string series, double value) => text.WriteLine($"{series} {value.ToString(CultureInfo.InvariantCulture)} {time}");

            Show("egress_alerts_last_window_end_timestamp_seconds", at.ToUnixTimeSeconds());

            // The counters are read at full hours. One sample before each is enough, and makes the history in seconds.
            if (at.Minute == LastScrapeOfHour) foreach (var line in Lines) Write(line, scrape, Show);

            // The proxies: those of report have run all the time.
            var cart = scrape < 2000 ? "10.0.0.1:15090" : "10.0.0.9:15090";
            var checkout = scrape < 3000 ? "10.0.1.1:15090" : "10.0.1.9:15090";
            foreach (var (workload, instance) in new[] { ("cart", cart), ("checkout", checkout), ("report", "10.0.2.1:15090") })
            {
                Show(
                    $"istio_tcp_connections_opened_total{{reporter=\"source\",source_workload_namespace=\"shop\",source_workload=\"{workload}\","
                    + $"destination_workload=\"unknown\",instance=\"{instance}\"}}",
                    scrape);
            }
        }

        text.WriteLine("# EOF");
    }

    private static void Write(Line line, long scrape, Action<string, double> show)
    {
        var flow = $"source_workload_namespace=\"{line.Namespace}\",source_workload=\"{line.Workload}\",destination=\"{line.Destination}\","
            + $"destination_port=\"{line.Port}\",route=\"{line.Route}\",protocol=\"{line.Protocol}\"";
        var contacts = 1_000 + (line.Each * scrape);
        if (line.Protocol == "http")
        {
            show($"egress_requests_total{{{flow},response_code=\"200\",response_flags=\"-\"}}", contacts);
        }
        else
        {
            show($"egress_connections_opened_total{{{flow}}}", contacts);
            show($"egress_connections_closed_total{{{flow},response_flags=\"-\"}}", contacts - 1);
        }

        show($"egress_upload_bytes_total{{{flow}}}", contacts * line.Bytes);
        show($"egress_download_bytes_total{{{flow}}}", contacts * line.Bytes * 3);
        show(
            $"egress_destination_info{{destination=\"{line.Destination}\",name_source=\"{line.Source}\",confirmed=\"{(line.Confirmed ? "true" : "false")}\","
            + $"owner=\"\",network=\"\",region=\"\",domain=\"{line.Domain}\"}}",
            1);
    }

    /// <param name="Each">Contacts from scrape to scrape.</param>
    /// <param name="Bytes">Of each contact.</param>
    private sealed record Line(
        string Namespace, string Workload, string Destination, string Port, string Protocol, int Each, int Bytes, string Source, string Domain,
        bool Confirmed = true, string Route = "passthrough");
}
