using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Storage;

/// <summary>What is damaged costs no more than it must, and is never thrown away.</summary>
public sealed class DamageTests : IDisposable
{
    private const int PageBytes = 1024;

    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_database_that_is_none_is_set_aside_and_the_backup_takes_its_place()
    {
        Put("a", 1);
        Backups.Make(_folder.File, _folder.Backup);
        _folder.Reopen(() => File.WriteAllText(_folder.File, "this is no database"));
        Assert.Equal([("a", 1)], _folder.Things());
        Assert.Equal("this is no database", File.ReadAllText(Assert.Single(_folder.SetAside)));
    }

    [Fact]
    public void A_page_that_was_overwritten_in_the_middle_is_found_at_the_start_and_the_backup_takes_its_place()
    {
        Fill();
        Backups.Make(_folder.File, _folder.Backup);
        Put("a", 2);
        _folder.Reopen(() => Overwrite(_folder.File));

        Assert.Equal(1, _folder.Things().Single(thing => thing.Item1 == "a").Item2);
        Assert.Equal(2_001, _folder.Things().Count());
        Assert.Single(_folder.SetAside);
        Assert.Equal(1, _folder.Failures("damaged"));
        Assert.Contains(_folder.Log.Entries, entry => entry.StartsWith("Warning: the backup", StringComparison.Ordinal));
        Assert.False(File.Exists(_folder.Backup), "it is the database now");
    }

    [Fact]
    public void A_backup_that_is_damaged_too_is_set_aside_beside_the_database_and_a_new_one_begins()
    {
        Fill();
        Backups.Make(_folder.File, _folder.Backup);
        Put("a", 2);
        _folder.Reopen(() =>
        {
            Overwrite(_folder.File);
            File.WriteAllText(_folder.Backup, "this is no database");
        });

        Assert.Empty(_folder.Things());
        Assert.Equal(2, _folder.Failures("damaged"));
        Assert.Equal(2, _folder.SetAside.Count);
        Assert.Contains(_folder.SetAside, file => new FileInfo(file).Length > 100 * PageBytes);
        Assert.Contains(_folder.SetAside, file => File.ReadAllText(file) == "this is no database");
        Put("b", 3);
        _folder.Reopen();
        Assert.Equal([("b", 3)], _folder.Things());
    }

    [Fact]
    public void A_database_that_is_damaged_while_it_is_in_use_is_written_anew_from_memory()
    {
        var (state, things) = FillAndOverwrite();
        var other = _folder.Store.Read();
        other.Cell("of another owner", ThingJson.Default.Thing, new(0)).Value = new(7);
        foreach (var key in things.Keys.ToList()) things.Put(key, new(3));
        things.Remove("a");
        things.Put("b", new(4));
        Assert.True(state.Commit());

        Assert.Equal(("", 1), (_folder.Store.Failure, _folder.Failures("damaged")));
        Assert.Contains(_folder.Log.Entries, entry => entry.Contains("has been written anew from memory, and nothing was lost", StringComparison.Ordinal));
        Assert.Single(_folder.SetAside);
        Assert.True(other.Commit());
        things.Put("c", new(5));
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Single(_folder.SetAside);
        Assert.Equal([3, 4, 5, 7], _folder.Things().Select(thing => thing.Item2).Distinct().Order());
        Assert.Equal(2_003, _folder.Things().Count());
    }

    [Fact]
    public void A_database_that_is_damaged_is_written_anew_once_the_disk_takes_it_and_nothing_is_lost_until_then()
    {
        var (state, things) = FillAndOverwrite();
        Directory.CreateDirectory(_folder.File + ".new"); // Nothing can be written there.
        foreach (var key in things.Keys.ToList()) things.Put(key, new(3));
        Assert.False(state.Commit());
        Assert.Equal(("damaged", 1), (_folder.Store.Failure, _folder.Failures("damaged")));
        things.Put("b", new(4));
        Assert.False(state.Commit());
        Assert.Single(_folder.Errors);
        Assert.Empty(_folder.SetAside);

        Directory.Delete(_folder.File + ".new");
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Equal(2_002, _folder.Things().Count());
        Assert.Equal([3, 4], _folder.Things().Select(thing => thing.Item2).Distinct().Order());
    }

    [Fact]
    public void A_database_that_somebody_deletes_is_written_anew_from_memory()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        state.Commit();
        foreach (var file in Directory.GetFiles(_folder.Path, Store.FileName + "*")) File.Delete(file);
        things.Put("b", new(2));
        Assert.True(state.Commit());
        things.Put("c", new(3));
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Equal([("a", 1), ("b", 2), ("c", 3)], _folder.Things());
    }

    [Fact]
    public void A_new_database_that_cannot_take_its_place_is_written_again_with_a_later_window_and_nothing_is_lost_until_then()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        Assert.True(state.Commit());
        File.Delete(_folder.File);
        Directory.CreateDirectory(_folder.File); // No file can be renamed to this.
        things.Put("b", new(2));
        Assert.False(state.Commit());
        things.Put("c", new(3));
        Assert.False(state.Commit());
        Assert.Equal([("a", 1), ("b", 2), ("c", 3)], _folder.Things()); // A reload finds it all in memory.
        Assert.Contains("a new database cannot take the place of", Assert.Single(_folder.Errors, IsNotWritten), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File + ".new"));

        Directory.Delete(_folder.File);
        things.Remove("a");
        Assert.True(state.Commit());
        Assert.Equal("", _folder.Store.Failure);
        things.Put("d", new(4));
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Equal([("b", 2), ("c", 3), ("d", 4)], _folder.Things());

        static bool IsNotWritten(string entry) => entry.Contains("cannot be written", StringComparison.Ordinal);
    }

    [Fact]
    public void Stages_that_are_made_from_a_damaged_database_fail_with_what_is_wrong_and_the_backup_can_take_its_place()
    {
        Fill();
        Backups.Make(_folder.File, _folder.Backup);
        FillAndOverwrite();
        var e = Assert.Throws<StoreException>(() => _folder.Store.Read().Table(Thing.Shape));
        Assert.Contains("cannot be read: ", e.Message, StringComparison.Ordinal);
        Assert.True(e.IsDamage);
        _folder.Store.Replace("damaged", e.Message);
        Assert.Equal(2_001, _folder.Things().Count());
    }

    [Fact]
    public void A_row_that_cannot_be_read_begins_anew_alone_and_is_told_and_discarded()
    {
        Put("a", 1);
        Put("b", 2);
        _folder.Reopen(() => _folder.Execute("UPDATE cell SET state = '{' WHERE name = 'a'"));

        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        Assert.Equal((1, "b"), (things.Lost, Assert.Single(things.Keys)));
        Assert.Equal(1, _folder.Failures("unreadable"));
        Assert.StartsWith("Error: 1 rows of the table cell cannot be read", Assert.Single(_folder.Errors), StringComparison.Ordinal);

        state.Commit();
        _folder.Reopen();
        Assert.Equal([("b", 2)], _folder.Things());
        Assert.Equal(0, _folder.Failures("unreadable"));
    }

    [Fact]
    public void A_row_that_cannot_be_read_gives_way_to_what_is_put_in_its_place()
    {
        Put("a", 1);
        _folder.Reopen(() => _folder.Execute("UPDATE cell SET state = '7'"));
        Put("a", 3);
        _folder.Reopen();
        Assert.Equal([("a", 3)], _folder.Things());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    public void A_cell_that_cannot_be_read_has_its_initial_value_and_says_so(string damage)
    {
        var cell = Cell(_folder.Store.Read());
        Assert.False(cell.IsLost);
        Put("it", 1);
        Put("other", 2);
        Assert.Equal((1, false), (Cell(_folder.Store.Read()).Value.Number, Cell(_folder.Store.Read()).IsLost));

        _folder.Reopen(() => _folder.Execute($"UPDATE cell SET state = '{damage}' WHERE name = 'it'"));
        var state = _folder.Store.Read();
        cell = Cell(state);
        Assert.Equal((9, true), (cell.Value.Number, cell.IsLost));
        Assert.Equal(1, _folder.Failures("unreadable"));

        cell.Value = new(5);
        state.Commit();
        _folder.Reopen();
        Assert.Equal([("it", 5), ("other", 2)], _folder.Things());
    }

    private static Cell<Thing> Cell(StoredState state) => state.Cell("it", ThingJson.Default.Thing, new Thing(9));

    private void Put(string key, int number)
    {
        var state = _folder.Store.Read();
        state.Table(Thing.Shape).Put(key, new(number));
        Assert.True(state.Commit());
    }

    /// <summary>A database that is open, of which a page is nonsense that nobody has seen yet.</summary>
    private (StoredState State, Table<string, Thing> Things) FillAndOverwrite()
    {
        var filled = Fill();
        EgressAlerts.Storage.Sql.Execute(_folder.Store.Connection, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA shrink_memory");
        Overwrite(_folder.File);
        return filled;
    }

    /// <summary>Fills more than a hundred pages.</summary>
    private (StoredState State, Table<string, Thing> Things) Fill()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        for (var i = 0; i < 2_000; i++) things.Put($"a thing with the number {i} and a long name, so that many pages are needed", new(i));
        Assert.True(state.Commit());
        return (state, things);
    }

    /// <summary>Writes nonsense over a page in the middle of what the table holds. The first page, which has the schema, stays as it is.</summary>
    private static void Overwrite(string file)
    {
        using var pages = new FileStream(file, FileMode.Open);
        Assert.True(pages.Length > 100 * PageBytes);
        pages.Position = pages.Length / PageBytes / 2 * PageBytes;
        pages.Write(Enumerable.Repeat((byte)0xa5, PageBytes).ToArray());
    }
}
