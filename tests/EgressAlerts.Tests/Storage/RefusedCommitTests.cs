using EgressAlerts.Storage;
using EgressAlerts.Testing;

namespace EgressAlerts.Tests.Storage;

/// <summary>What the disk refuses is said once, and written when the disk takes it.</summary>
public sealed class RefusedCommitTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_full_disk_is_told_once_for_many_windows_and_everything_is_written_once_there_is_room()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        things.Put("first", new(1));
        Assert.True(state.Commit());

        Execute("PRAGMA max_page_count = 1"); // SQLite takes the size that the database has now.
        for (var window = 1; window <= 5; window++)
        {
            for (var i = 0; i < 100; i++) things.Put($"thing {i} of the window {window}", new(i));
            things.Put("first", new(window));
            Assert.False(state.Commit());
            Assert.Equal("full", _folder.Store.Failure);
            Assert.Equal(window, _folder.Failures("full"));
            Assert.Equal((100 * window) + 1, _folder.Metrics.Sum("egress_alerts_storage_unwritten_rows"));
        }

        Assert.Contains("cannot be written", Assert.Single(_folder.Errors), StringComparison.Ordinal);
        Assert.Equal(501, _folder.Things().Count()); // A reload finds it all in memory.

        Execute("PRAGMA max_page_count = 1000000");
        Assert.True(state.Commit());
        Assert.Equal(("", 0), (_folder.Store.Failure, _folder.Metrics.Sum("egress_alerts_storage_unwritten_rows")));
        Assert.Single(_folder.Log.Entries, entry => entry.Contains("can be written again, and nothing was lost", StringComparison.Ordinal));
        Assert.True(state.Commit());
        Assert.Single(_folder.Log.Entries, entry => entry.Contains("can be written again", StringComparison.Ordinal));

        _folder.Reopen();
        Assert.Equal(501, _folder.Things().Count());
        Assert.Contains(("first", 5), _folder.Things());
    }

    [Fact]
    public void A_database_that_can_only_be_read_refuses_the_commit_with_a_reason_of_its_own()
    {
        var state = _folder.Store.Read();
        Execute("PRAGMA query_only = 1"); // As root, who runs these tests in CI, a file mode forbids nothing.
        state.Table(Thing.Shape).Put("a", new(1));
        Assert.False(state.Commit());
        Assert.Equal(("read_only", 1), (_folder.Store.Failure, _folder.Failures("read_only")));

        Execute("PRAGMA query_only = 0");
        Assert.True(state.Commit());
        _folder.Reopen();
        Assert.Equal([("a", 1)], _folder.Things());
    }

    [Fact]
    public void A_reason_that_changes_is_told_anew()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        Execute("PRAGMA query_only = 1");
        things.Put("a", new(1));
        Assert.False(state.Commit());

        Execute("PRAGMA query_only = 0");
        Execute("PRAGMA max_page_count = 1");
        for (var i = 0; i < 100; i++) things.Put($"thing {i}", new(i));
        Assert.False(state.Commit());
        Assert.Equal((2, "full"), (_folder.Errors.Count, _folder.Store.Failure));
    }

    /// <summary>On the store's own connection.</summary>
    private void Execute(string sql) => EgressAlerts.Storage.Sql.Execute(_folder.Store.Connection, sql);
}
