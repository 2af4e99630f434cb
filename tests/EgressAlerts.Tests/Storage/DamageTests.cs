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
        Store.BackUp(_folder.File, _folder.Backup);
        _folder.Reopen(() => File.WriteAllText(_folder.File, "this is no database"));
        Assert.Equal([("a", 1)], _folder.Things());
        Assert.Equal("this is no database", File.ReadAllText(Assert.Single(_folder.SetAside)));
    }

    [Fact]
    public void A_page_that_was_overwritten_in_the_middle_is_found_at_the_start_and_the_backup_takes_its_place()
    {
        Fill();
        Store.BackUp(_folder.File, _folder.Backup);
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
        Store.BackUp(_folder.File, _folder.Backup);
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

    /// <summary>Fills more than a hundred pages.</summary>
    private void Fill()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("a", new(1));
        for (var i = 0; i < 2_000; i++) things.Put($"a thing with the number {i} and a long name, so that many pages are needed", new(i));
        Assert.True(state.Commit());
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
