using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using EgressAlerts.Testing;

namespace EgressAlerts.EndToEndTests;

/// <summary>Every query of the documents for people on call, with its placeholders filled in, on what real servers have of a story.</summary>
public sealed partial class RunbookStoryTests(RunbookStory story) : IClassFixture<RunbookStory>
{
    private const string MadeUpAddress = "203.0.113.7";

    /// <summary>What the queries of each document must answer, in their order.</summary>
    private static readonly Dictionary<string, IReadOnlyList<Answer>> Answers = new()
    {
        ["README.md"] = [Row("source_workload", "report")],
        ["alerts/evidence.md"] = [Shown("pod", "report-0004")],
        ["deploy/reference/metrics.md"] = [Row("domain", "example.net")],

        // Alerts about traffic.
        ["EgressBeaconing"] = [Some, Row("source_workload", "cart"), Info("ptr", "true"), None("there is one sample of ten minutes")],
        ["EgressBlocked"] =
        [
            Sum(3), Row("source_workload", "pusher", "destination", "vps-99.hoster.example.net", "destination_port", "4444"), Info("ptr", "true"),
            Shown("response_code_details", RunbookStory.Refusal), Shown("connection_termination_details", RunbookStory.Refusal), Row("source_workload", "cart"),
        ],
        ["EgressFanOut"] =
        [
            Rows(RunbookStory.Sites, "destination_port", "80"), Row("destination_port", "80"), Rows(10), Row("outcome", "confirmed"), Info("registry", "true"),
        ],
        ["EgressForbidden"] = [Row("destination_port", "80", "route", "registered"), Sum(6), Shown("request_path", "/politics")],
        ["EgressMetadataService"] = [Sum(1), Sum(1800), Row("source_workload", "front")],
        ["EgressNameMismatch"] = [Row("route", "passthrough"), Sum(4), Info("ptr", "true")],
        ["EgressNewDestination"] =
            [Row("route", "passthrough"), Sum(RunbookStory.UploadBytes), Sum(40_000), Row("source_workload", "report"), Info("ip", "false")],
        ["EgressOutsideRegion"] = [Row("route", "passthrough"), Row("region", "us-east-1"), Row("region", "us-east-1"), Sum(4_000_000)],
        ["EgressProbing"] = [Rows(RunbookStory.Doors, "destination_port", "22"), Rows(RunbookStory.Unanswered, "destination_port", "22")],
        ["EgressThreatListed"] =
            [Row("route", "passthrough"), Sum(5), Sum(700), Row("list", "expired"), Info("ip", "false")],
        ["EgressTrafficAboveWeek"] = [Sum(RunbookStory.UploadBytes)],
        ["EgressTrafficBlocked"] = [Sum(3)],
        ["EgressTrafficFolded"] = [Row("source_workload", "crawler")],
        ["EgressUploadSpike"] =
        [
            Some, Sum(RunbookStory.UploadBytes), Info("ip", "false"), Row("source_workload", "report"), Some, None("nobody watched a week ago"),
            Some, Row("destination", "api.stripe.com"),
        ],

        // Alerts about the service.
        ["EgressAlertsAccountingDrift"] = [Some, Some, Zero("the service asks every five minutes")],
        ["EgressAlertsBudgetReached"] = [Each("source_workload"), Some],
        ["EgressAlertsDnsFailing"] = [Row("reason", "unreachable")],
        ["EgressAlertsFolding"] = [Some, Some, Some],
        ["EgressAlertsHeldBack"] = [Row("alertname", "EgressBlocked")],
        ["EgressAlertsNoSeries"] = [Row("job", "envoy-stats")],
        ["EgressAlertsNotificationsFailing"] = [Row("reason", "connection")],
        ["EgressAlertsNotificationsFailingEverywhere"] = [Some, Row("reason", "connection")],
        ["EgressAlertsQueriesFailing"] = [Some],
        ["EgressAlertsQueueNearlyFull"] = [Some, Row("reason", "connection"), Some],
        ["EgressAlertsStorageFailing"] = [Row("reason", "locked"), Some, Some],
        ["EgressAlertsTelemetry"] =
        [
            Row("job", "kubernetes-pods"), Row("__name__", "envoy_request_host_api_example_com_istio_requests_total"), Row("destination_ip", ""),
        ],
        ["EgressAlertsThreatListExpired"] = [Row("list", "expired")],
        ["EgressAlertsWatchdog"] = [Some, Some, Some, Some],
        ["EgressAlertsWatchdogMissing"] = [Some, Some],
        ["EgressAlertsWindowsLate"] = [Row("reason", "connection")],
        ["EgressAlertsWindowsSkipped"] = [Some, new("some scrapes were not answered", rows => rows is [{ Value: > 0 and < 1 }]), Some],
    };

    private static readonly IReadOnlyList<string> Troubled =
    [
        "EgressTrafficFolded", "EgressAlertsBudgetReached", "EgressAlertsDnsFailing", "EgressAlertsFolding", "EgressAlertsHeldBack",
        "EgressAlertsNotificationsFailingEverywhere", "EgressAlertsQueriesFailing", "EgressAlertsStorageFailing", "EgressAlertsTelemetry",
        "EgressAlertsWindowsLate", "EgressAlertsWindowsSkipped",
    ];

    /// <summary>The documents with queries, as <see cref="Answers"/> names them.</summary>
    public static TheoryData<string> Documents =>
        [.. Markdown.Documents.Where(file => !IsForDevelopers(file) && Markdown.Queries(file).Count > 0).Select(NameOf)];

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Every_query_answers_what_its_document_says(string document)
    {
        var queries = Markdown.Queries(Markdown.Documents.Single(file => NameOf(file) == document));
        Assert.True(Answers.TryGetValue(document, out var answers), $"{document} has queries: say here what they answer");
        Assert.True(answers.Count == queries.Count, $"{document} has {queries.Count} queries, but {answers.Count} answers:\n{string.Join('\n', queries)}");
        var prometheus = Troubled.Contains(document) ? story.TroubledPrometheus : story.Prometheus;
        var named = "";
        foreach (var (query, answer) in queries.Zip(answers))
        {
            var filled = Filled(document, query, named);
            var rows = await UntilAsync(prometheus, filled, answer);
            if (query.StartsWith("topk", StringComparison.Ordinal)) named = rows[0].Labels.GetValueOrDefault("destination", named);
        }
    }

    /// <summary>A story is too short for what looks back a week. So these queries run on a week of made-up counters of two replicas.</summary>
    [Fact]
    public async Task Queries_that_look_back_a_week_answer_too()
    {
        using var folder = new TemporaryFolder();
        await using var prometheus = await PrometheusServer.OnSamplesAsync(folder.Write("week.txt", Week(TimeProvider.System.GetUtcNow())));
        await AnswerAsync("EgressBeaconing", "[7d", Row("source_workload", "report"), Sum(7 * 86_400 * (100 + 5)));
        await AnswerAsync("EgressUploadSpike", "offset 1w", Sum(10));

        async Task AnswerAsync(string document, string part, params Answer[] answers)
        {
            var query = Markdown.Queries(Repository.File("alerts", "runbooks", document + ".md"))
                .Single(query => query.Contains(part, StringComparison.Ordinal))
                .Replace("<namespace>", "batch", StringComparison.Ordinal)
                .Replace("<workload>", "report", StringComparison.Ordinal)
                .Replace("<destination>", "slow.example.com", StringComparison.Ordinal);
            foreach (var answer in answers) await UntilAsync(prometheus, query, answer);
        }
    }

    /// <summary>So that no query is left out because it does not look like one.</summary>
    [Fact]
    public void What_names_a_metric_and_is_no_query_is_a_command()
    {
        foreach (var file in Markdown.Documents.Where(file => !IsForDevelopers(file)))
        {
            Assert.All(
                Markdown.Entries(file).Except(Markdown.Queries(file)).Where(entry => MetricPattern().IsMatch(entry)),
                entry => Assert.StartsWith("curl ", entry, StringComparison.Ordinal));
        }
    }

    /// <summary>Eight days of two replicas, as OpenMetrics text.</summary>
    /// <remarks>In the last seven days <c>report</c> sends 100 bytes a second and <c>agent</c> 5. Before that each sends 10.</remarks>
    private static string Week(DateTimeOffset end)
    {
        const int Step = 60;
        var text = new StringBuilder();
        foreach (var (workload, rate) in (IReadOnlyList<(string, int)>)[("report", 100), ("agent", 5)])
        {
            foreach (var instance in (IReadOnlyList<string>)["a", "b"])
            {
                var series = "egress_upload_bytes_total{source_workload_namespace=\"batch\",source_workload=\"" + workload
                    + "\",destination=\"slow.example.com\",destination_port=\"443\",route=\"passthrough\",instance=\"" + instance + "\"}";
                var value = 0;
                for (var ago = 8 * 86_400; ago >= 0; ago -= Step)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{series} {value} {end.ToUnixTimeSeconds() - ago}\n");
                    value += Step * (ago > 7 * 86_400 ? 10 : rate);
                }
            }
        }

        return text.Append("# EOF\n").ToString();
    }

    private async Task<IReadOnlyList<AnswerRow>> UntilAsync(PrometheusServer prometheus, string query, Answer answer)
    {
        IReadOnlyList<AnswerRow> rows = [];
        try
        {
            await Deadline.UntilAsync(
                async () =>
                {
                    rows = [.. (await prometheus.QueryAsync(query)).Select(row => new AnswerRow(row.Labels, row.Samples[0].Value))];
                    return answer.Holds(rows);
                },
                40,
                answer.What,
                between: 0.2);
        }
        catch (Exception e) when (e is TimeoutException or HttpRequestException)
        {
            Assert.Fail($"{query}\n{answer.What}: {e.Message}\nthe rows are\n{string.Join('\n', rows)}\n\n{story.Log}");
        }

        return rows;
    }

    /// <param name="named">A destination that a query before this one has shown.</param>
    private string Filled(string document, string query, string named)
    {
        var (ns, workload, destination) = document switch
        {
            // A pulse is judged after hours. Here it is one of the steady exchanges of the story.
            "EgressBeaconing" => ("shop", "cart", "www.example.com"),
            "EgressAlertsFolding" => ("search", "crawler", ""),
            "EgressBlocked" when query.Contains("istio_", StringComparison.Ordinal) => About("gateway"),
            "EgressTrafficBlocked" => About("EgressBlocked"),
            "EgressTrafficAboveWeek" => About("EgressUploadSpike"),
            _ => About(document),
        };
        query = query
            .Replace("\"<namespace>\"", $"\"{ns}\"", StringComparison.Ordinal)
            .Replace("\"<workload>\"", $"\"{workload}\"", StringComparison.Ordinal)
            .Replace("\"<destination>\"", $"\"{destination}\"", StringComparison.Ordinal)
            .Replace("\"NAME\"", $"\"{named}\"", StringComparison.Ordinal)
            .Replace(MadeUpAddress, RunbookStory.UploadAddress, StringComparison.Ordinal);
        Assert.DoesNotMatch("<[a-z ]+>", query);
        return query;

        (string Namespace, string Workload, string Destination) About(string name) => story.Alerts.TryGetValue(name, out var alert)
            ? (alert.Labels["source_workload_namespace"], alert.Labels["source_workload"], alert.Labels.GetValueOrDefault("destination", ""))
            : default;
    }

    /// <summary>At least one value above 0.</summary>
    private static Answer Some => new("a value above 0", rows => rows.Any(row => row.Value > 0));

    /// <summary>A value above 0 in a row with these labels.</summary>
    private static Answer Row(params string[] labels) => new(
        $"a value above 0 of {string.Join(' ', labels)}", rows => rows.Any(row => row.Value > 0 && row.Has(labels)));

    /// <summary>A row with these labels. Its value may be 0, because <c>increase()</c> misses what a counter of Istio begins with.</summary>
    private static Answer Shown(params string[] labels) => new($"a row with {string.Join(' ', labels)}", rows => rows.Any(row => row.Has(labels)));

    /// <summary>As many rows with these labels.</summary>
    private static Answer Rows(int count, params string[] labels) => new(
        $"{count} rows with {string.Join(' ', labels)}", rows => rows.Count(row => row.Has(labels)) == count);

    /// <summary>Nothing but rows that have this label.</summary>
    private static Answer Each(string label) => new($"{label} in each row", rows => rows.Count > 0 && rows.All(row => row.Labels.ContainsKey(label)));

    /// <summary>All values together, within a twentieth, because <c>increase()</c> looks beyond the last scrape.</summary>
    private static Answer Sum(double expected) => new(
        $"{expected} in all", rows => Math.Abs(rows.Sum(row => row.Value) - expected) <= expected / 20);

    private static Answer Info(string nameSource, string confirmed) => Row("name_source", nameSource, "confirmed", confirmed);

    /// <param name="why">Why there is nothing above 0 in a story of two minutes.</param>
    private static Answer Zero(string why) => new(why, rows => rows.Count > 0);

    /// <inheritdoc cref="Zero"/>
    private static Answer None(string why) => new(why, rows => rows.Count == 0);

    private static bool IsForDevelopers(string file) =>
        Path.GetRelativePath(Repository.Root, file) is var path
        && (path.StartsWith("tests/", StringComparison.Ordinal) || path.StartsWith("src/", StringComparison.Ordinal) || path == "CHANGELOG.md");

    private static string NameOf(string file) => file.Contains("/runbooks/", StringComparison.Ordinal)
        ? Path.GetFileNameWithoutExtension(file)
        : Path.GetRelativePath(Repository.Root, file);

    [GeneratedRegex("(egress|istio)_[a-z_]+_(total|info|seconds|bytes|bucket|sum)")]
    private static partial Regex MetricPattern();

    private sealed record AnswerRow(IReadOnlyDictionary<string, string> Labels, double Value)
    {
        /// <param name="labels">Names and values, in turns.</param>
        public bool Has(string[] labels) => labels.Chunk(2).All(pair => Labels.GetValueOrDefault(pair[0], "") == pair[1]);

        public override string ToString() => $"{{{string.Join(", ", Labels.Select(label => $"{label.Key}=\"{label.Value}\""))}}} {Value}";
    }

    /// <param name="What">What the rows are, for the message of a failure.</param>
    private sealed record Answer(string What, Func<IReadOnlyList<AnswerRow>, bool> Holds);
}
