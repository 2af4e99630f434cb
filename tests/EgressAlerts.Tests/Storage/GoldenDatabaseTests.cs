using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Model;
using EgressAlerts.Naming.Dns;
using EgressAlerts.Polling;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Storage;

/// <summary>A database that any released version has made is opened by this one, and everything goes on.</summary>
public sealed partial class GoldenDatabaseTests : IDisposable
{
    private const string Today = "this program";

    /// <summary>Names the version whose golden file is to be written, before it is released.</summary>
    private static readonly string? ToWrite = Environment.GetEnvironmentVariable("EGRESS_ALERTS_GOLDEN");

    private static readonly string Folder = Repository.File("tests", "EgressAlerts.Tests", "Storage", "golden");
    private static readonly Lazy<string> Played = new(PlayStory);

    private readonly TemporaryFolder _folder = new();
    private readonly MetricRegistry _metrics = new();
    private readonly ListLogger<Store> _log = new();
    private readonly HandTime _time = new();
    private Store? _store;

    public GoldenDatabaseTests() => _time.Advance(GoldenStory.End - _time.GetUtcNow());

    /// <summary>The golden files, and a database that this program has made.</summary>
    public static TheoryData<string> Databases() =>
        [Today, .. Directory.GetFiles(Folder, "*.sql").Order(StringComparer.Ordinal).Select(file => Path.GetFileName(file)!)];

    public void Dispose()
    {
        _store?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_story_leaves_no_table_empty_and_writes_the_golden_file_of_a_version_when_asked_to()
    {
        Open(Today);
        var tables = SqlDump.Read(_folder.File(Store.FileName), "SELECT name FROM sqlite_schema WHERE type = 'table'").Select(row => row[0]).ToList();
        Assert.True(tables.Count > 20);
        Assert.DoesNotContain(tables, table => SqlDump.Read(_folder.File(Store.FileName), $"SELECT count(*) FROM {table}")[0][0] == "0");
        Assert.Equal(Played.Value, PlayStory());
        if (ToWrite is null) return;
        File.WriteAllText(Golden(ToWrite), $"-- What GoldenStory leaves behind in version {ToWrite}.\n{Played.Value}");
    }

    [Fact]
    public void Every_released_version_that_has_a_database_has_its_golden_file()
    {
        var versions = Released().Matches(File.ReadAllText(Repository.File("CHANGELOG.md"))).Select(match => match.Groups[1].Value)
            .Append(typeof(Pass).Assembly.GetName().Version!.ToString(3))
            .Where(version => Version.Parse(version) >= new Version(0, 2, 0));
        Assert.All(versions.Where(version => version != ToWrite), version => Assert.True(File.Exists(Golden(version)), $"{Golden(version)} is missing"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void It_is_opened_whole_and_its_schema_is_then_that_of_a_new_database(string database)
    {
        Open(database);
        var state = _store!.Read();
        var story = new GoldenStory(state);
        Assert.True(story.IsWhole);
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7));
        Assert.True(state.Commit());
        Assert.Empty(state.Stale());
        Assert.Empty(_log.Entries);
        Assert.Equal(0, _metrics.Sum("egress_alerts_storage_failures_total"));

        using var other = new TemporaryFolder();
        using var fresh = new Store(other.Path, new StorageMetrics(new MetricRegistry()), _time, NullLogger<Store>.Instance);
        Assert.Equal(SqlDump.Schema(other.File(Store.FileName)), SqlDump.Schema(_folder.File(Store.FileName)));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void A_known_counter_counts_only_what_it_grew_by_and_one_that_was_restarted_goes_on_from_there(string database)
    {
        Open(database);
        Assert.Equal(7, Story().GoOn(steady: 7, restarted: (-10, 3)));
        Assert.Equal(1, Story().GoOn(steady: 0, (-10, 3), (50, 4)));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void The_poller_goes_on_after_its_last_window_and_knows_its_source(string database)
    {
        Open(database);
        using var http = new HttpClient();
        var (metrics, logger) = (new PollingMetrics(_metrics), NullLogger<Poller>.Instance);
        var poller = new Poller(http, GoldenStory.Polling, new TelemetryOptions(), metrics, _store!.Read(), _time, logger);
        Assert.Equal(GoldenStory.End, poller.LastEnd);
        Assert.Equal(GoldenStory.Start, poller.BaselineEnd);
        Assert.Equal([new ExcludedSum(Metric.Requests, "baseline", 12)], poller.Excluded);

        var state = _store.Read();
        var rules = new BaselineRules(new JobRegister(state), GoldenStory.Polling with { Read = new PollingOptions().Read }, new TelemetryOptions(), state);
        var next = new Window(GoldenStory.End, GoldenStory.End + GoldenStory.Length);
        Assert.Equal((false, false, false), (rules.IsFirst, rules.IsNewSource, rules.IsBirthBaseline("envoy", next)));
        Assert.True(new HostRegister(DynamicDns.Auto, state).IsUnregistered("other.example.com"));
        Assert.False(rules.ReadsMore);
        Assert.False(new HostRegister(DynamicDns.Auto, state).IsUnregistered("api.stripe.com"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void Exported_counters_go_on_from_their_values(string database)
    {
        Open(database);
        var story = Story();
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7));
        var sums = story.Counters.Series.Where(series => series.Key.Metric == Metric.UploadBytes).ToLookup(series => series.Key.Source.Name);
        Assert.Equal((34_195 * GoldenStory.MiB) + 7, sums["cart"].Single(series => series.Key.Destination == "api.stripe.com").Value);
        Assert.Equal(6 * 2_627 * 1024, sums["crawler"].Sum(series => series.Value));
        Assert.Contains(sums["crawler"], series => series.Key.Destination == LabelValues.Overflow && series.Value > 0);
        var (counted, retired) = (story.Counters.Counted[Metric.UploadBytes], story.Counters.Retired[Metric.UploadBytes]);
        Assert.Equal(counted, sums.Sum(workload => workload.Sum(series => series.Value)) + retired);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void A_habit_is_no_news_and_an_unknown_destination_is(string database)
    {
        Open(database);
        var story = Story();
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7), GoldenStory.Upload("203.0.113.9", "evil.example.net", 7));
        Assert.Equal(
            ["evil.example.net", "first.example.org", "news.example.com"],
            story.Findings.Where(finding => finding.AlertName == "EgressNewDestination").Select(finding => finding.Destination).Order());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void The_baseline_knows_the_hour_of_the_backup(string database)
    {
        Open(database);
        Assert.DoesNotContain(Burst(GoldenStory.Start.AddDays(9).AddHours(3), 200), finding => finding.AlertName == "EgressUploadSpike");
        var spike = Assert.Single(Burst(GoldenStory.Start.AddDays(9).AddHours(14), 1_000), finding => finding.AlertName == "EgressUploadSpike");
        Assert.Equal("stripe.com", spike.Destination);
        Assert.Matches(": (5[5-9]|6[0-5])([.][0-9])? MiB are usual in this hour", spike.Description);

        IReadOnlyList<Finding> Burst(DateTimeOffset hour, int mebibytes)
        {
            var story = Story();
            var burst = GoldenStory.Upload("52.0.0.1", "api.stripe.com", mebibytes * GoldenStory.MiB);
            for (var window = 0; window < 12; window++) story.Window(hour + (window * GoldenStory.Length), burst);
            return story.Findings;
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void The_alert_that_fires_keeps_its_start_and_the_resolved_one_is_in_the_history(string database)
    {
        Open(database);
        var story = Story();
        story.Next(GoldenStory.Upload("203.0.113.7", "news.example.com", 7));
        var firing = Assert.Single(
            story.Book.Current,
            alert => alert.Labels["alertname"] == "EgressNewDestination" && alert.Labels["destination"] == "news.example.com");
        Assert.Equal(("926305e0749b2d9e", GoldenStory.News, null), (firing.Fingerprint, firing.StartsAt, firing.ResolvedAt));

        var blocked = story.Book.History.Where(alert => alert.Labels["alertname"] == "EgressBlocked").OrderBy(alert => alert.StartsAt).ToList();
        Assert.Equal([GoldenStory.Blocked, GoldenStory.End], blocked.Select(alert => alert.StartsAt));
        Assert.Equal([GoldenStory.Blocked.AddMinutes(10), null], blocked.Select(alert => alert.ResolvedAt));
        Assert.Equal("192.0.2.9", blocked[0].Labels["destination"]);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_DNS_has_answered_is_not_asked_again_and_what_waited_for_a_name_goes_on_waiting(string database)
    {
        Open(database);
        await using var lookups = new Lookups(new DnsOptions { Servers = [new(IPAddress.Loopback, 9)] }, _store!.Read(), new DnsMetrics(_metrics), _time);
        Assert.Equal(new ReverseAnswer(AnswerState.Present, "api.stripe.com", true), lookups.Find(IPAddress.Parse("52.0.0.1")));
        Assert.Equal([IPAddress.Parse("52.0.0.1")], lookups.Resolve("api.stripe.com", AddressFamily.InterNetwork).Addresses);
        Assert.Equal((0, 0), (lookups.Waiting, _metrics.Sum("egress_alerts_dns_queries_total")));
        Assert.Equal(Samples.Increment(Samples.Flow("203.0.113.8"), 3), Assert.Single(Story().Waiting));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void Hits_of_a_policy_go_on_where_the_version_counted_them(string database)
    {
        Open(database);
        var story = Story();
        var before = story.PolicyHits.GetValueOrDefault("stripe")?.Hits ?? 0;
        Assert.Equal(database == "0.2.0.sql" ? 0 : (GoldenStory.End - GoldenStory.Start) / GoldenStory.Length, before);
        story.Next(GoldenStory.Upload("52.0.0.1", "api.stripe.com", 7));
        Assert.Equal((before + 1, GoldenStory.End + GoldenStory.Length), (story.PolicyHits["stripe"].Hits, story.PolicyHits["stripe"].LastHit));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public void Loads_of_the_configuration_are_remembered(string database)
    {
        Open(database);
        ConfigurationLoad refused = new(GoldenStory.Start.AddHours(1), "0.2.0", "unknown key 'alertin'"), first = new(GoldenStory.Start, "0.2.0", "");
        Assert.Equal([refused, first], new ConfigurationLog(_store!.Read()).Loads);
    }

    private static string Golden(string version) => Path.Combine(Folder, $"{version}.sql");

    private static string PlayStory()
    {
        using var folder = new TemporaryFolder();
        var metrics = new StorageMetrics(new MetricRegistry());
        using (var store = new Store(folder.Path, metrics, new HandTime(), NullLogger<Store>.Instance)) GoldenStory.Play(store);
        return SqlDump.Of(folder.File(Store.FileName));
    }

    /// <summary>A new set of stages. What it does is not committed, so a test may have several.</summary>
    private GoldenStory Story() => new(_store!.Read());

    private void Open(string database)
    {
        SqlDump.Restore(database == Today ? Played.Value : File.ReadAllText(Path.Combine(Folder, database)), _folder.File(Store.FileName));
        _store = new Store(_folder.Path, new StorageMetrics(_metrics), _time, _log);
    }

    [GeneratedRegex(@"^## (\d+\.\d+\.\d+)", RegexOptions.Multiline)]
    private static partial Regex Released();
}
