namespace EgressAlerts.Testing;

/// <summary>Lets a random part of a time pass. Only for tests of a crash, because a crash may come at any moment of a window.</summary>
public static class RandomMoment
{
    /// <param name="random">Has a fixed seed, so that a run draws the same moments again.</param>
    /// <param name="within">The moment comes within this time from now.</param>
    public static async Task ComeAsync(Random random, TimeSpan within)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(random.Next(1, (int)within.TotalMilliseconds)));
        await timer.WaitForNextTickAsync();
    }
}
