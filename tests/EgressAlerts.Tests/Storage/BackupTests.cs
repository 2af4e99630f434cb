using EgressAlerts.Storage;
using EgressAlerts.Testing;
using Microsoft.Data.Sqlite;

namespace EgressAlerts.Tests.Storage;

public sealed class BackupTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_first_backup_is_made_at_once_and_the_next_an_hour_later()
    {
        await using var hourly = _folder.HourlyBackup();
        await BackUpAsync(hourly);
        Assert.True(File.Exists(_folder.Backup));
        Assert.Equal(_folder.Time.GetUtcNow().ToUnixTimeSeconds(), _folder.Metrics.Sum("egress_alerts_storage_backup_timestamp_seconds"));

        File.Delete(_folder.Backup);
        _folder.Time.Advance(TimeSpan.FromMinutes(59));
        await BackUpAsync(hourly);
        Assert.False(File.Exists(_folder.Backup));

        _folder.Time.Advance(TimeSpan.FromMinutes(1));
        await BackUpAsync(hourly);
        Assert.True(File.Exists(_folder.Backup));
    }

    [Fact]
    public async Task After_a_restart_the_age_of_the_last_backup_tells_when_the_next_is_due()
    {
        await File.WriteAllTextAsync(_folder.Backup, "old");
        File.SetLastWriteTimeUtc(_folder.Backup, _folder.Time.GetUtcNow().UtcDateTime - TimeSpan.FromMinutes(59));
        await using var hourly = _folder.HourlyBackup();
        await BackUpAsync(hourly);
        Assert.Equal("old", await File.ReadAllTextAsync(_folder.Backup));

        _folder.Time.Advance(TimeSpan.FromMinutes(1));
        await BackUpAsync(hourly);
        Assert.NotEqual("old", await File.ReadAllTextAsync(_folder.Backup));
    }

    [Fact]
    public async Task A_backup_from_the_future_keeps_no_backup_away()
    {
        await File.WriteAllTextAsync(_folder.Backup, "of a clock that was wrong");
        File.SetLastWriteTimeUtc(_folder.Backup, _folder.Time.GetUtcNow().UtcDateTime + TimeSpan.FromDays(400));
        await using var hourly = _folder.HourlyBackup();
        await BackUpAsync(hourly);
        Assert.NotEqual("of a clock that was wrong", await File.ReadAllTextAsync(_folder.Backup));
    }

    [Fact]
    public async Task A_backup_that_fails_is_told_once_and_leaves_nothing_behind_and_its_recovery_is_told_once()
    {
        Directory.CreateDirectory(_folder.Backup);
        await using var hourly = _folder.HourlyBackup();
        for (var hour = 1; hour <= 3; hour++)
        {
            await BackUpAsync(hourly);
            Assert.Equal(hour, _folder.Failures("backup"));
            _folder.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Contains("the hourly backup cannot be written", Assert.Single(_folder.BackupLog.Entries), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Backup + ".new"), "on a full disk it would take room for an hour");

        Directory.Delete(_folder.Backup);
        for (var hour = 1; hour <= 2; hour++)
        {
            await BackUpAsync(hourly);
            _folder.Time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Single(_folder.BackupLog.Entries, entry => entry == "Information: the hourly backup can be written again");
        Assert.Equal(3, _folder.Failures("backup"));
    }

    [Fact]
    public void A_backup_holds_the_last_commit_while_another_connection_is_about_to_write()
    {
        var state = _folder.Store.Read();
        state.Table(Thing.Shape).Put("a", new(1));
        state.Commit();
        using (var other = new SqliteConnection($"Data Source={_folder.File};Pooling=False"))
        {
            other.Open();
            using var transaction = other.BeginTransaction();
            EgressAlerts.Storage.Sql.Execute(other, "DELETE FROM cell");
            Backups.Make(_folder.File, _folder.Backup);
        }

        Assert.Equal([1], Numbers(_folder.Backup));
    }

    [Fact]
    public async Task Backups_that_are_made_while_windows_are_committed_each_hold_one_window_whole()
    {
        var state = _folder.Store.Read();
        var things = state.Table(Thing.Shape);
        PutAll(0);
        var (done, committed) = (false, 0);
        var writer = Task.Run(() =>
        {
            for (var window = 1; !Volatile.Read(ref done); window++)
            {
                PutAll(window);
                Volatile.Write(ref committed, window);
            }
        });
        var seen = new HashSet<int>();
        for (var backup = 0; backup < 20; backup++)
        {
            var before = Volatile.Read(ref committed);
            await Deadline.UntilAsync(() => Volatile.Read(ref committed) > before, 30, "a window is committed");
            Backups.Make(_folder.File, _folder.Backup);
            var numbers = Numbers(_folder.Backup);
            Assert.Equal(300, numbers.Count);
            Assert.InRange(Assert.Single(numbers.Distinct()), before, Volatile.Read(ref committed) + 1);
            seen.Add(numbers[0]);
        }

        Volatile.Write(ref done, true);
        await writer;
        Assert.Equal(20, seen.Count);

        void PutAll(int window)
        {
            for (var i = 0; i < 300; i++) things.Put($"thing {i}", new(window));
            Assert.True(state.Commit());
        }
    }

    [Fact]
    public void A_backup_of_a_database_that_is_not_there_says_so()
    {
        var e = Assert.Throws<StoreException>(() => Backups.Make(Path.Combine(_folder.Path, "none.db"), _folder.Backup));
        Assert.Contains("there is no database ", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Backup));
    }

    /// <summary>One window ends, and a backup that it began is waited for.</summary>
    private static async Task BackUpAsync(HourlyBackup hourly)
    {
        hourly.BeginIfDue();
        await hourly.DisposeAsync();
    }

    private static List<int> Numbers(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT state ->> '$.Number' FROM cell";
        using var reader = command.ExecuteReader();
        var numbers = new List<int>();
        while (reader.Read()) numbers.Add(reader.GetInt32(0));
        return numbers;
    }
}
