namespace EgressAlerts.Polling;

/// <summary>Raw samples of the past, read piece by piece.</summary>
public interface ISampleHistory
{
    /// <summary>What is in memory now.</summary>
    Piece Piece { get; }

    /// <summary>Moves the piece forward: it then holds the windows from <paramref name="start"/> on, a whole number of them.</summary>
    /// <param name="start">Where the piece before this one ended.</param>
    /// <param name="last">Windows after this instant are not wanted.</param>
    /// <exception cref="HistoryException">The samples cannot be read.</exception>
    Task AdvanceAsync(DateTimeOffset start, DateTimeOffset last, CancellationToken cancel);
}

/// <summary>History cannot be read. The message is one line and says what to do.</summary>
public sealed class HistoryException(string message, Exception? cause = null) : Exception(message, cause);
