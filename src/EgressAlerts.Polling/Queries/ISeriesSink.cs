namespace EgressAlerts.Polling;

/// <summary>Takes the series of an answer as they are decoded.</summary>
internal interface ISeriesSink
{
    /// <summary>A new attempt begins: what an earlier one of the same query delivered is void.</summary>
    void Restart();

    /// <param name="labels">The label set as a JSON object, exactly as it was sent.</param>
    /// <param name="samples">In order of time; valid only during the call.</param>
    void Series(ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples);
}

/// <summary>A sink for sources that hand on the same series with many windows, which hash its labels once.</summary>
internal interface IKeyedSink : ISeriesSink
{
    /// <summary>What stands for a label set; the same for all sinks of one poller.</summary>
    ulong KeyOf(ReadOnlySpan<byte> labels);

    /// <inheritdoc cref="ISeriesSink.Series"/>
    /// <param name="key">See <see cref="KeyOf"/>.</param>
    void Series(ulong key, ReadOnlySpan<byte> labels, ReadOnlySpan<Sample> samples);
}
