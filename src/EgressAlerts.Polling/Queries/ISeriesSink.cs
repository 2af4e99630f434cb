namespace EgressAlerts.Polling;

/// <summary>Takes the series of an answer as they are decoded.</summary>
internal interface ISeriesSink
{
    /// <summary>A new attempt at the query begins. What an earlier attempt delivered is void.</summary>
    void Restart();

    /// <param name="labels">The label set as a JSON object, exactly as it was sent.</param>
    /// <param name="samples">In order of time. Valid only during the call.</param>
    void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples);
}

/// <summary>A sink for sources that deliver the same series in many windows and hash its labels once.</summary>
internal interface IKeyedSink : ISeriesSink
{
    /// <summary>What has been delivered so far stays, whatever becomes of the queries that follow in the same window. A metric may take several.</summary>
    void Keep();

    /// <summary>The key of a label set. All sinks of one poller have the same one.</summary>
    ulong KeyOf(ReadOnlySpan<byte> labels);

    /// <inheritdoc cref="ISeriesSink.Series"/>
    /// <param name="key">See <see cref="KeyOf"/>.</param>
    void Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples);
}
