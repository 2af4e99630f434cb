namespace EgressAlerts;

/// <summary>The reloads that were asked for. However many ask before the next reload begins, one reload answers them all, so nothing can fill up.
/// May be called from any thread.</summary>
internal sealed class Reloads
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _asked = New();
    private TaskCompletionSource<string?> _next = NewAnswer();
    private string? _closed;

    /// <summary>Completes when somebody has asked for a reload that has not begun.</summary>
    public Task Asked
    {
        get
        {
            lock (_lock) return _asked.Task;
        }
    }

    /// <summary>Asks for a reload. The answer is null when it is done, else what is wrong.</summary>
    public Task<string?> AskAsync()
    {
        lock (_lock)
        {
            if (_closed is not null) return Task.FromResult<string?>(_closed);
            _asked.TrySetResult();
            return _next.Task;
        }
    }

    /// <summary>The one to answer when the reload that begins now is done; null when nobody asks for one.</summary>
    public TaskCompletionSource<string?>? Take()
    {
        lock (_lock)
        {
            if (!_asked.Task.IsCompleted) return null;
            var taken = _next;
            (_asked, _next) = (New(), NewAnswer());
            return taken;
        }
    }

    /// <summary>Answers whoever waits, and all who ask later, with this.</summary>
    public void Close(string answer)
    {
        lock (_lock)
        {
            _closed = answer;
            _next.TrySetResult(answer);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<string?> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
