namespace EgressAlerts.Polling;

/// <summary>A series with its raw samples in memory, oldest first.</summary>
/// <param name="labels">The label set as a JSON object, as a server sends it.</param>
internal sealed class RecordedSeries(byte[] labels)
{
    private Sample[] _samples = [];
    private int _count;

    public ReadOnlySpan<byte> Labels => labels;

    public ReadOnlySpan<Sample> Samples => _samples.AsSpan(0, _count);

    /// <summary>Whether the piece of history before this one did not hold it.</summary>
    public bool IsNew { get; set; } = true;

    /// <summary>Bytes that it takes.</summary>
    public long Size => labels.Length + (_samples.Length * 16L) + 64;

    public void Add(Sample sample)
    {
        if (_count == _samples.Length) Array.Resize(ref _samples, Math.Max(8, _count + (_count / 2)));
        _samples[_count++] = sample;
    }

    /// <summary>Forgets the samples up to an instant.</summary>
    public void ForgetUntil(long milliseconds)
    {
        var gone = CountUntil(milliseconds);
        Array.Copy(_samples, gone, _samples, 0, _count - gone);
        _count -= gone;
    }

    /// <summary>Forgets the samples after an instant.</summary>
    public void ForgetAfter(long milliseconds) => _count = CountUntil(milliseconds);

    /// <summary>How many samples there are up to an instant, itself included.</summary>
    public int CountUntil(long milliseconds)
    {
        var (low, high) = (0, _count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_samples[middle].Milliseconds <= milliseconds) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
