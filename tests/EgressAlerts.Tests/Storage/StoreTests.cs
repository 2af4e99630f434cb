using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using EgressAlerts.Common;
using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace EgressAlerts.Tests.Storage;

public sealed class StoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_committed_is_there_after_a_restart()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        things.Put("b", new(2));
        Assert.True(state.Commit());
        things.Remove("b");
        things.Put("c", new(3));
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Equal([("a", 1), ("c", 3)], _folder.Things());
    }

    [Fact]
    public void What_changed_in_place_is_written_if_it_was_touched()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        var thing = new Thing(1);
        things.Put("a", thing);
        state.Commit();
        thing.Number = 2;
        things.Touch("a");
        state.Commit();
        _folder.Reopen();
        Assert.Equal([("a", 2)], _folder.Things());
    }

    [Fact]
    public void A_pass_that_failed_leaves_nothing_behind()
    {
        var state = _folder.Store.Read();
        state.Table(Thing.Shape).Put("a", new(1));
        state.Commit();
        state.Table(Thing.Shape).Put("b", new(2));
        Assert.Equal([("a", 1)], _folder.Things());
    }

    [Fact]
    public void What_the_disk_refuses_is_known_to_new_stages_and_written_later()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        things.Put("b", new(2));
        state.Commit();
        using (var other = new SqliteConnection($"Data Source={_folder.File};Pooling=False;Default Timeout=0"))
        {
            other.Open();
            using var busy = other.BeginTransaction();
            things.Put("a", new(7));
            things.Remove("b");
            Assert.False(state.Commit());
            Assert.Equal("locked", _folder.Store.Failure);
            Assert.Equal([("a", 7)], _folder.Things());
        }

        Assert.True(state.Commit());
        Assert.Equal("", _folder.Store.Failure);
        _folder.Reopen();
        Assert.Equal([("a", 7)], _folder.Things());
    }

    [Fact]
    public void A_second_process_on_the_folder_is_refused() =>
        Assert.Contains("is another egress-alerts running on it", Assert.Throws<StoreException>(_folder.Open).Message, StringComparison.Ordinal);

    [Fact]
    public void A_database_of_a_newer_program_is_refused_and_not_touched()
    {
        _folder.Reopen(() =>
        {
            _folder.Execute("PRAGMA user_version = 4711");
            var before = File.ReadAllBytes(_folder.File);
            Assert.Contains("of a newer egress-alerts", Assert.Throws<StoreException>(_folder.Open).Message, StringComparison.Ordinal);
            Assert.Equal(before, File.ReadAllBytes(_folder.File));
            _folder.Execute($"PRAGMA user_version = {Migrations.Latest}");
        });
        Assert.Empty(_folder.SetAside);
    }

    [Fact]
    public void The_map_of_the_code_lists_every_table_and_view()
    {
        var section = File.ReadAllText(Repository.File("src", "README.md")).Split("## The database")[1].Split("\n## ")[0];
        var listed = Regex.Matches(section, @"^\| `([a-z_]+)` \|", RegexOptions.Multiline).Select(match => match.Groups[1].Value);
        var made = SqlDump.Read(_folder.File, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").Select(row => row[0]);
        Assert.Equal(made.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_database_that_cannot_be_opened_ends_the_start_with_what_to_do()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File(Store.FileName));
        var (metrics, logger) = (new StorageMetrics(new MetricRegistry()), NullLogger<Store>.Instance);
        var e = Assert.Throws<StoreException>(() => new Store(folder.Path, metrics, new HandTime(), logger));
        Assert.Contains("cannot be opened", e.Message, StringComparison.Ordinal);
        Assert.Contains("let this user read and write it, see that the disk has room, or name another --storage.path", e.Message, StringComparison.Ordinal);
    }
}

internal sealed class Thing(int number)
{
    public static Shape<string, Thing> Shape { get; } =
        EgressAlerts.Storage.Shape.Json("cell", ["name"], key => [key], values => (string)values[0], ThingJson.Default.Thing);

    public int Number { get; set; } = number;
}

[JsonSerializable(typeof(Thing))]
internal sealed partial class ThingJson : JsonSerializerContext;
