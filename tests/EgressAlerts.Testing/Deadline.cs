namespace EgressAlerts.Testing;

/// <summary>Waits for a state by looking again and again. Where the state does not come, the error says which one it was.</summary>
public static class Deadline
{
    /// <summary>Waits for the first result that is not null.</summary>
    /// <param name="what">The state in words, for the error.</param>
    /// <param name="between">Seconds between two looks.</param>
    /// <exception cref="TimeoutException">No result came within <paramref name="seconds"/>.</exception>
    public static async Task<T> UntilAsync<T>(Func<Task<T?>> look, double seconds, string what, double between = 0.05)
        where T : class
    {
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(between));
        while (TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds)
        {
            if (await look() is { } found) return found;
            await timer.WaitForNextTickAsync();
        }

        throw new TimeoutException($"waited {seconds} s in vain: {what}");
    }

    public static Task UntilAsync(Func<bool> look, double seconds, string what, double between = 0.05) =>
        UntilAsync(() => Task.FromResult(look()), seconds, what, between);

    public static Task UntilAsync(Func<Task<bool>> look, double seconds, string what, double between = 0.05) =>
        UntilAsync(async () => await look() ? "" : null, seconds, what, between);
}
