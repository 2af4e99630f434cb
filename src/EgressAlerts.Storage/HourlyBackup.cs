namespace EgressAlerts.Storage;

/// <summary>Keeps a copy of the database beside it that is at most an hour old, in case the database is damaged. Called by the pass alone.</summary>
public sealed class HourlyBackup(Store store, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private DateTimeOffset _next = store.BackedUpAt + Every;
    private Task<bool> _backup = Task.FromResult(true);

    /// <summary>Begins a copy in the background, if the last one is an hour old.</summary>
    public void BeginIfDue()
    {
        var now = time.GetUtcNow();
        if (now < _next || !_backup.IsCompleted) return;
        _next = now + Every;
        var failed = !_backup.Result;
        _backup = Task.Run(() => store.TryBackUp(failed));
    }

    /// <summary>Waits for a copy that is under way.</summary>
    public async ValueTask DisposeAsync() => await _backup;
}
