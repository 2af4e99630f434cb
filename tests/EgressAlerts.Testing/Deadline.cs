namespace EgressAlerts.Testing;

/// <summary>Waits for a state by looking again and again, and says what it waited for when it does not come.</summary>
public static class Deadline
{
    /// <summary>The first result that is not null.</summary>
    /// <exception cref="TimeoutException">It did not come within <paramref name="seconds"/>.</exception>
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

    public static Task UntilAsync(Func<Task<bool>> look, double seconds, string what, double between = 0.05) =>
        UntilAsync(async () => await look() ? "" : null, seconds, what, between);
}
