using EgressAlerts.Storage;

namespace EgressAlerts.Tests.Storage;

/// <summary>State that is made in memory and saved, and rows that are taken over from a database that somebody else uses.</summary>
public sealed class SavedStateTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_committed_in_memory_is_what_a_store_finds_that_opens_the_saved_database()
    {
        using var memory = Store.InMemory();
        var state = memory.Read();
        state.Table(Thing.Shape).Put("a", new Thing(7));
        state.Commit();
        _folder.Reopen(() =>
        {
            File.Delete(_folder.File);
            memory.SaveAs(_folder.File);
        });
        Assert.Equal([("a", 7)], _folder.Things());
        Assert.Empty(_folder.Errors);
    }

    [Fact]
    public void A_database_that_is_there_is_not_replaced_and_nothing_half_written_stays()
    {
        using var memory = Store.InMemory();
        var before = File.ReadAllBytes(_folder.File);
        var e = Assert.Throws<StoreException>(() => memory.SaveAs(_folder.File));
        Assert.Contains("name an empty folder", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_folder.File));
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), file => file.EndsWith(".new", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rows_are_taken_over_from_a_database_in_use_or_not_and_it_stays_as_it_is(bool isInUse)
    {
        var state = _folder.Store.Read();
        state.Table(Thing.Shape).Put("a", new Thing(7));
        state.Commit();
        if (!isInUse) _folder.Store.Dispose();
        var before = Files();

        using var memory = Store.InMemory();
        memory.TakeOver(_folder.File, [Thing.Shape.Table]);
        Assert.Equal(7, memory.Read().Table(Thing.Shape)["a"].Number);
        Assert.Equal(before, Files());
    }

    [Fact]
    public void A_database_of_a_newer_version_gives_no_rows_and_the_error_says_what_to_do()
    {
        _folder.Execute("PRAGMA user_version = 1000");
        using var memory = Store.InMemory();
        var e = Assert.Throws<StoreException>(() => memory.TakeOver(_folder.File, [Thing.Shape.Table]));
        Assert.Contains("is of a newer egress-alerts", e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.File, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_database_gives_no_rows_and_the_error_names_it()
    {
        var file = Path.Combine(_folder.Path, "other.db");
        File.WriteAllText(file, new string('x', 5000));
        using var memory = Store.InMemory();
        Assert.Contains(file, Assert.Throws<StoreException>(() => memory.TakeOver(file, [Thing.Shape.Table])).Message, StringComparison.Ordinal);
    }

    private List<string> Files() =>
    [
        .. Directory.GetFiles(_folder.Path).Where(file => Path.GetFileName(file) != "lock").Order(StringComparer.Ordinal)
            .Select(file => $"{file} {Convert.ToHexString(File.ReadAllBytes(file))}"),
    ];
}
