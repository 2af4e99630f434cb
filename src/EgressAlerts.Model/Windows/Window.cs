namespace EgressAlerts.Model;

/// <summary>The time (<paramref name="Start"/>, <paramref name="End"/>] that one pass counts. Samples at <paramref name="End"/> belong to it.</summary>
public readonly record struct Window(DateTimeOffset Start, DateTimeOffset End)
{
    public TimeSpan Length => End - Start;

    public override string ToString() => $"{Start:yyyy-MM-dd'T'HH:mm:ss}Z..{End:HH:mm:ss}Z";
}
