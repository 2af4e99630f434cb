using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using EgressAlerts.Common;
using EgressAlerts.Detection;
using EgressAlerts.Model;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Detection;

/// <summary>What the detectors keep in the database.</summary>
public sealed class StoredDetectionTests
{
    private static readonly string[] Source = [.. Workload.Columns];

    private static readonly DetectionOptions Options = new()
    {
        Learning = TimeSpan.FromHours(1),
        Probing = new() { Destinations = 3, Within = TimeSpan.FromHours(1) },
        UploadSpike = new() { Learning = TimeSpan.FromHours(1), Floor = 1_000, Deviations = 1 },
        FanOut = new() { Learning = TimeSpan.FromHours(1), Floor = 3, Deviations = 1 },
    };

    /// <summary>Values that are 0, false or null are not written, so that is what a type must begin with.</summary>
    [Theory]
    [InlineData(typeof(Attempts))]
    [InlineData(typeof(Beacon))]
    [InlineData(typeof(DailySums))]
    [InlineData(typeof(Habit))]
    [InlineData(typeof(MetadataUse))]
    [InlineData(typeof(NewDestinationCount))]
    [InlineData(typeof(Pulse))]
    [InlineData(typeof(SeasonalBaseline))]
    [InlineData(typeof(SeasonalSeries))]
    [InlineData(typeof(SpreadUpload))]
    [InlineData(typeof(UploadGroup))]
    public void What_is_not_written_is_read_as_it_was(Type type)
    {
        var begun = Activator.CreateInstance(type)!;
        Assert.All(
            type.GetProperties()
                .Where(property => property is { CanWrite: true, PropertyType.IsValueType: true }
                    && property.GetCustomAttribute<JsonIgnoreAttribute>() is null),
            property => Assert.Equal(
                property.PropertyType.IsEnum ? Enum.ToObject(property.PropertyType, 0) : Activator.CreateInstance(property.PropertyType),
                property.GetValue(begun)));
    }

    public static TheoryData<string, string[], string[]> Tables => new()
    {
        { "cell", ["name"], ["state"] },
        { "habit", Source, ["state"] },
        { "episode", ["alertname", .. Source, "destination"], ["state"] },
        { "probing", Source, ["state"] },
        { "upload", [.. Source, "destination_group"], ["state"] },
        { "upload_hour", ["chunk"], ["sums", "counts", "tops"] },
        { "spread_upload", ["destination_group"], ["state"] },
        { "fan_out", Source, ["registers"] },
        { "fan_out_baseline", Source, ["state"] },
        { "pulse", [.. Source, "destination"], ["state"] },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void Rows_that_cannot_be_read_do_no_harm_and_what_comes_after_them_is_kept(string table, string[] keys, string[] columns)
    {
        using var store = Store.InMemory();
        Play(store, 0);
        var rows = Rows(store, table, keys, columns, out var state);
        Assert.NotEmpty(rows);
        foreach (var (key, row) in rows.OrderBy(row => row.Key, StringComparer.Ordinal).Where((_, i) => i % 2 == 0).ToList())
            rows.Put(key, [.. row.Select(value => value is string ? (object)"{" : new byte[1])]);
        Assert.True(state.Commit());

        Play(store, 60);
        Assert.All(Rows(store, table, keys, columns, out _), row => Assert.True(row.Value[0] is string and not "{" or byte[] { Length: > 1 }, row.Key));
    }

    [Fact]
    public void A_window_in_which_workloads_try_the_same_again_writes_little()
    {
        using var folder = new TemporaryFolder();
        using var store = new Store(folder.Path, new StorageMetrics(new MetricRegistry()), TimeProvider.System, NullLogger<Store>.Instance);
        var state = store.Read();
        var detectors = Timeline.New(new DetectionOptions { Blocked = new() { Enabled = false } }, state: state);
        Assert.InRange(Grow(1), 40_000, 1_000_000);
        for (var window = 2; window < 10; window++) Assert.InRange(Grow(window), 1, 20_000);

        long Grow(int window)
        {
            var refused = Enumerable.Range(0, 1_000)
                .Select(i => Samples.Increment(Samples.Flow($"52.0.{i / 250}.{i % 250}", route: Route.Blocked)));
            detectors.Observe(Samples.Named(window, [.. refused]));
            var before = new FileInfo(folder.File(Store.FileName + "-wal")).Length;
            Assert.True(state.Commit());
            return new FileInfo(folder.File(Store.FileName + "-wal")).Length - before;
        }
    }

    [Fact]
    public void Attempts_that_are_too_long_ago_are_not_kept()
    {
        var store = Store.InMemory();
        var state = store.Read();
        var detectors = Timeline.New(Options, state: state);
        for (var window = 1; window <= 121; window++)
        {
            Increment[] seen = window is 1 or 100 ? [Samples.Increment(Samples.Flow($"52.0.0.{window}", route: Route.Blocked))] : [];
            detectors.Observe(Samples.Named(window, seen));
            state.Commit();
        }

        Assert.Equal(["|shop|cart|52.0.0.100, port 443"], Rows(store, "attempt", [.. Source, "tried"], ["last"], out _).Keys);
    }

    [Fact]
    public void Attempts_of_a_workload_whose_row_cannot_be_read_are_forgotten()
    {
        using var store = Store.InMemory();
        Play(store, 0);
        Assert.Equal(12, Rows(store, "attempt", [.. Source, "tried"], ["last"], out _).Count);
        Rows(store, "probing", Source, ["state"], out var state).Put("|shop|app-0", ["{"]);
        Assert.True(state.Commit());
        state = store.Read();
        Timeline.New(Options, state: state);
        Assert.True(state.Commit());
        Assert.DoesNotContain(
            Rows(store, "attempt", [.. Source, "tried"], ["last"], out _).Keys,
            key => key.StartsWith("|shop|app-0", StringComparison.Ordinal));
    }

    [Fact]
    public void What_Prometheus_knew_is_kept_also_where_it_is_asked_again()
    {
        var store = Store.InMemory();
        var (state, metrics) = (store.Read(), new DetectionMetrics(new MetricRegistry(), TimeProvider.System));
        var habits = new Habits(Options, metrics, state);
        foreach (var before in (int[])[1, 2])
        {
            habits.Learn(Samples.Cart, "52.0.0.1", Samples.Start, TimeSpan.FromHours(before));
            state.Commit();
        }

        Assert.Equal(TimeSpan.FromHours(2), new Habits(Options, metrics, store.Read()).GetOrBegin(Samples.Cart, TimeSpan.MaxValue, Samples.Start).Before);
    }

    [Fact]
    public void What_a_workload_has_not_done_within_the_memory_is_forgotten_with_its_rows()
    {
        var (store, idle, busy) = (Store.InMemory(), new Workload("shop", "idle"), new Workload("shop", "busy"));
        var options = Options with { Memory = TimeSpan.FromDays(2) };
        string[] all =
        [
            "upload  shop busy ",
            "upload  shop busy left.example.com",
            "upload  shop busy used.example.com",
            "upload  shop idle ",
            "upload  shop idle used.example.com",
        ];
        string[] counts = ["fan_out  shop busy", "fan_out  shop idle", "fan_out_baseline  shop busy", "fan_out_baseline  shop idle"];
        Assert.Equal([.. counts, .. all], PlayHours(49));
        Assert.Equal([counts[0], counts[2], all[0], all[2]], PlayHours(51));

        List<string> PlayHours(int hours)
        {
            var state = store.Read();
            var detectors = Timeline.New(options, state: state);
            for (var hour = 0; hour < hours; hour++)
            {
                List<NamedIncrement> seen = [Timeline.To("used.example.com", 100, source: busy)];
                if (hour == 0) seen.AddRange([Timeline.To("left.example.com", 100, source: busy), Timeline.To("used.example.com", 100, source: idle)]);
                detectors.Observe(Hour(hour, seen));
            }

            Assert.True(state.Commit());
            Assert.Empty(state.Stale());
            return [.. Keys("fan_out", Source), .. Keys("fan_out_baseline", Source), .. Keys("upload", [.. Source, "destination_group"])];
        }

        IEnumerable<string> Keys(string table, string[] keys) => Rows(store, table, keys, [], out _).Keys
            .Select(key => $"{table} {key.Replace('|', ' ')}")
            .Order(StringComparer.Ordinal);
    }

    [Fact]
    public void What_fires_is_not_forgotten_before_it_has_ended()
    {
        var options = Options with { Memory = TimeSpan.FromDays(2) };
        options = options with
        {
            UploadSpike = options.UploadSpike with { Quiet = TimeSpan.FromDays(5) },
            FanOut = options.FanOut with { Quiet = TimeSpan.FromDays(5) },
        };
        var state = Store.InMemory().Read();
        var (detectors, burst, ended) = (Timeline.New(options, state: state), 72, 72 + (5 * 24));
        for (var hour = 0; hour < ended + 10; hour++)
        {
            IReadOnlyList<NamedIncrement> seen = hour > burst
                ? []
                : [.. Enumerable.Range(0, hour < burst ? 1 : 20).Select(i => Timeline.To($"n{i}.example.com", hour < burst ? 100 : 9_000))];
            var findings = detectors.Observe(Hour(hour, seen))
                .Where(finding => finding.AlertName is "EgressUploadSpike" or "EgressFanOut")
                .Select(finding => finding.AlertName)
                .Distinct();
            Assert.Equal(hour >= burst && hour < ended ? ["EgressFanOut", "EgressUploadSpike"] : [], findings.Order(StringComparer.Ordinal));
        }
    }

    /// <summary>What alerts/README.md states of the size of the rows.</summary>
    [Fact]
    public void The_rows_of_weeks_are_no_larger_than_the_documentation_says()
    {
        var random = new Random(1);
        var beacon = new Beacon
        {
            Name = "c2.example.com",
            Flow = Samples.Flow("52.9.9.9"),
            Destination = new("c2.example.com", NameSource.Ptr, Confirmed: true),
        };
        for (var i = 0; i < 2_000; i++) beacon.Pulse.Add(Timeline.Start.AddMinutes(5 * i), TimeSpan.FromMinutes(1), 1, random.Next(500, 900));
        Assert.InRange(JsonSerializer.Serialize(beacon, DetectionJson.Default.Beacon).Length, 900, 1.2 * 1024);

        var (group, options) = (new UploadGroup(), new UploadSpikeOptions());
        group.CloseHour(0, 1, options, TimeSpan.Zero, TimeSpan.FromDays(35));
        for (var hour = 500_000; hour < 500_000 + (5 * 168); hour++)
        {
            (group.Hour, group.Count) = (random.Next(10 << 20, 100 << 20), random.Next(100));
            group.CloseHour(hour, hour + 1, options, TimeSpan.FromHours(hour), TimeSpan.FromDays(35));
        }

        Assert.InRange(JsonSerializer.Serialize(group, DetectionJson.Default.UploadGroup).Length, 1_200, 1.6 * 1024);
        for (var hour = 500_840; hour < 500_840 + (5 * 168); hour++)
        {
            (group.Hour, group.Count) = (random.Next(1_000_000), random.Next(1_000, 9_000));
            group.CloseHour(hour, hour + 1, options, TimeSpan.FromHours(hour), TimeSpan.FromDays(35));
        }

        Assert.InRange(JsonSerializer.Serialize(group, DetectionJson.Default.UploadGroup).Length, 2_000, 2.6 * 1024);
    }

    /// <summary>Five hours of windows of five minutes, the first of each half hour with twice the destinations that there usually are.</summary>
    private static void Play(Store store, int from)
    {
        var (state, random) = (store.Read(), new Random(from));
        var detectors = Timeline.New(Options, state: state);
        for (var i = from; i < from + 60; i++)
        {
            var at = Timeline.Start.AddMinutes(5 * i);
            List<NamedIncrement> seen =
            [
                .. from app in Enumerable.Range(0, 4)
                   from n in Enumerable.Range(0, i % 30 == 29 ? 12 : 5)
                   select Timeline.To(
                       $"n{n}.example.com",
                       random.Next(1, 3_000),
                       source: new("shop", $"app-{app}"),
                       route: n < 3 ? Route.Blocked : Route.Passthrough),
            ];
            detectors.Observe(new NamedReading(new Window(at, at.AddMinutes(5)), seen));
            Assert.True(state.Commit());
        }
    }

    private static NamedReading Hour(int number, IReadOnlyList<NamedIncrement> seen)
    {
        var at = Timeline.Start.AddHours(number);
        return new(new Window(at, at.AddHours(1)), seen);
    }

    private static Table<string, object[]> Rows(Store store, string table, string[] keys, string[] columns, out StoredState state)
    {
        state = store.Read();
        return state.Table(new Shape<string, object[]>(
            table,
            keys,
            key => key.Split('|'),
            values => string.Join('|', values),
            columns,
            row => row,
            values => [.. values]));
    }
}
